import type { AnyClass } from "../lib/class/schema.js";
import type { InstanceNode } from "../lib/graph/instance.js";
import { own } from "../lib/graph/node.js";
import { type Prediction, Predictions } from "../lib/predict/predictions.js";
import type { RanMessage } from "../lib/wire/protocol.js";
import { encodeValue } from "../lib/wire/value-codec.js";
import type { Numbered, OutboxEntry, OutboxWorld } from "./outbox.js";
import type { LiveTwin } from "./twin.js";
import { decodeVisitor } from "./visitor.js";

export { isPending } from "../lib/predict/predictions.js";

/** The parts of a client that running events here needs. */
type World = Pick<OutboxWorld, "known" | "visitor">;

/** A call as it is shown before its answer. */
export interface ShownPrediction extends Prediction {
  /** Resolves when it is on the screen. */
  readonly painted: Promise<void>;
}

const predictions = new WeakMap<LiveTwin, Predictions>();

/** Shows a call that is sent, or shows it as what it is by now. */
export function see(entry: OutboxEntry, world: World): void {
  const { twin, event, target, args, numbered } = entry;
  // PROTOCOL.md §2.
  const ids = numbered && `${numbered.i} ${numbered.client} ${numbered.n}`;
  if (entry.prediction) entry.prediction.sent(ids);
  else entry.prediction = shown(of(twin, event, world)?.begin(nameOf(event), args, false, ids, target));
}

/** What a twin will show next has all that its events up to a number have done. `made`: the numbers of the instances that each of them has made. */
export function ran(
  entries: Iterable<OutboxEntry>,
  twin: LiveTwin,
  { client, i, n }: Pick<Numbered, "client" | "i" | "n">,
  made: ReadonlyMap<number, RanMessage[3]>,
): void {
  for (const { twin: one, numbered, prediction, answer } of entries) {
    if (one === twin && numbered?.client === client && numbered.i === i && numbered.n <= n)
      prediction?.end(made.get(numbered.n) ?? (answer?.a === twin.at?.[2] ? answer?.m : undefined));
  }
}

/** Shows a call that waits to be sent. */
export function show(twin: LiveTwin, event: string, target: InstanceNode, args: unknown, world: World): ShownPrediction | undefined {
  try {
    return shown(of(twin, event, world)?.begin(nameOf(event), encodeValue(args), true, undefined, target));
  } catch {
    // The server will refuse it.
    return undefined;
  }
}

/** The name of an event in its class. */
const nameOf = (event: string) => event.slice(event.indexOf(".") + 1);

/** The predictions of a twin, where this event can have one. */
function of(twin: LiveTwin, event: string, { known, visitor }: World): Predictions | undefined {
  const { optimistic, volatile } = twin.declared(event) ?? {};
  if (!optimistic || volatile || twin.state !== "ready") return undefined;
  const Class = own(known.stores ?? {}, twin.store) as AnyClass | undefined;
  const found = predictions.get(twin) ?? new Predictions(twin.mirror, Class, () => ({ visitor: decodeVisitor(visitor.current), key: twin.key ?? undefined }));
  predictions.set(twin, found);
  return found;
}

const shown = (prediction: Prediction | undefined): ShownPrediction | undefined => prediction && { ...prediction, painted: painted() };

/** Changes what the server says of a twin. */
export function change(twin: LiveTwin, apply: () => void): void {
  const found = predictions.get(twin);
  if (found) found.change(apply);
  else apply();
}

/** Tells whether a twin shows events that have no answer. */
export const isOpen = (twin: LiveTwin): boolean => predictions.get(twin)?.open ?? false;

/** Does nothing: this file is loaded already. */
export const load = (): unknown => undefined;

/** Resolves when what stands on the page now is on the screen; at once where there is none, or nobody looks at it. */
function painted(): Promise<void> {
  return new Promise((resolve) => {
    if (globalThis.document?.visibilityState !== "visible") return resolve();
    const done = () => {
      document.removeEventListener("visibilitychange", done);
      resolve();
    };
    // A page that is hidden meanwhile gets no frames.
    document.addEventListener("visibilitychange", done);
    requestAnimationFrame(() => setTimeout(done));
  });
}
