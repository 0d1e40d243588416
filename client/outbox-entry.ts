import type { InstanceNode } from "../lib/graph/instance.js";
import type { Encoded } from "../lib/wire/codec.js";
import type { OpenCall } from "./client-call.js";
import type { CallFiles } from "./files.js";
import type { OutboxEntry } from "./outbox.js";
import type { ShownPrediction } from "./prediction.js";
import type { LiveTwin } from "./twin.js";

/** A call that has not been sent. */
export function entryOf(
  twin: LiveTwin,
  event: string,
  target: InstanceNode,
  args: Encoded,
  files: CallFiles | undefined,
  open: OpenCall,
  prediction: ShownPrediction | undefined,
): OutboxEntry {
  return {
    twin,
    event,
    target,
    on: twin.refOf(target),
    maker: undefined,
    args,
    files,
    open,
    release: twin.use(),
    prediction,
    numbered: undefined,
    sent: 0,
    attempt: undefined,
    alone: false,
    answer: undefined,
    failed: undefined,
    items: undefined,
    again: false,
  };
}
