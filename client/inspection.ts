import type { InstanceNode } from "../lib/graph/instance.js";
import { Signal } from "../lib/graph/signal.js";
import type { Prediction } from "../lib/predict/predictions.js";
import type { Answer, StateMessage } from "../lib/wire/protocol.js";
import type { ClientCall } from "./client-call.js";
import { FaultyNetwork } from "./faulty-network.js";
import type { ClientOptions } from "./options.js";
import type { Status } from "./status.js";
import type { LiveTwin } from "./twin.js";

/** Something that a client has done, for developer tools. */
export type News =
  /** A twin was made, or forgotten. */
  | { readonly what: "twins" }
  | {
      readonly what: "called";
      readonly call: ClientCall;
      readonly twin: LiveTwin;
      readonly event: string;
      readonly target: InstanceNode;
      readonly args: readonly unknown[];
    }
  /** A call is shown before its answer; told again when it is sent. */
  | {
      readonly what: "predicted";
      readonly call: ClientCall;
      readonly twin: LiveTwin;
      readonly event: string;
      readonly args: readonly unknown[];
      readonly prediction: Prediction;
    }
  /** A call was sent, or sent again under the same number. */
  | { readonly what: "sent"; readonly call: ClientCall; readonly n: number }
  /** `r`: the revision that shows it; `f`: messages that came with it, as there was no stream. */
  | { readonly what: "answered"; readonly call: ClientCall; readonly answer: Answer }
  /** A message of the stream was taken, in `ms`. `twins`: those that a frame is for. */
  | { readonly what: "message"; readonly message: StateMessage; readonly twins: readonly LiveTwin[]; readonly ms: number };

/**
 * A client, as developer tools look into it. There is one in development alone: whatever has to do with it stands behind `process.env.NODE_ENV`, so
 * that bundlers leave it out of what users load.
 */
export interface Inspection {
  readonly news: Signal<[News]>;
  readonly twins: ReadonlyMap<string, LiveTwin>;
  readonly status: Status;
  /** The network with faults. There is one in browsers only. */
  readonly network: FaultyNetwork | undefined;
}

// The status is the key: a client has it from its beginning.
const inspections = /* @__PURE__ */ new WeakMap<Status, Inspection>();

/** Lets tools look into a client. */
export function inspect(status: Status, twins: ReadonlyMap<string, LiveTwin>, options: ClientOptions): Inspection {
  const network = typeof window === "undefined" ? undefined : new FaultyNetwork(options);
  const inspection = { news: new Signal<[News]>(), twins, status, network };
  inspections.set(status, inspection);
  return inspection;
}

export const inspectionOf = ({ status }: { readonly status: Status }): Inspection | undefined => inspections.get(status);
