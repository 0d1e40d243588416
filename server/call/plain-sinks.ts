import type { CallSinks } from "../host/event-runner.js";

/** Takes what a call without a number gives before its answer, and may cancel it. */
export interface PlainSinks {
  readonly effects?: CallSinks<unknown>["effects"];
  /** Takes a yielded value, as JSON, once its commit is stored. */
  yielded?(value: unknown): void;
  readonly signal?: AbortSignal;
}

/** The sinks of the event that such a call runs. `json`: makes JSON of a value, while its containers are as they are in the commit. */
export function eventSinks({ effects, yielded }: PlainSinks, json: (value: unknown) => unknown): Pick<CallSinks<unknown>, "effects" | "yielded"> {
  return {
    ...(effects && { effects }),
    ...(yielded && {
      yielded(value: unknown) {
        const told = json(value);
        return () => yielded(told);
      },
    }),
  };
}
