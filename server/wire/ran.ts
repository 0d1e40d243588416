import type { RanMessage } from "../../lib/wire/protocol.js";

/** The event whose last commit a frame or a tick has. */
export interface CommittedEvent {
  readonly client: string;
  readonly n: number;
  /** The numbers of the instances that the event has made. */
  readonly made?: readonly number[] | undefined;
}

/** Gives what a client is told of its event. */
export const ranOf = ({ n, made = [] }: CommittedEvent, host: number): RanMessage => (made.length > 0 ? ["ran", host, n, made] : ["ran", host, n]);
