import { SnapshotWriter } from "../channel/snapshot-writer.js";
import { type Audience, clients } from "../graph/audience.js";
import type { Node } from "../graph/node.js";
import type { Snapshot } from "../wire/codec.js";
import { SentNames } from "../wire/sent-names.js";
import { finish } from "../wire/steps.js";
import type { Decoder } from "./decoder.js";
import type { SnapshotMirror } from "./snapshot-mirror.js";

/**
 * Gives the state of a mirror as the server would send it, with the numbers and names that the server counts by: a mirror that is made of it takes the deltas
 * that follow. Predictions must not be in it.
 */
export function snapshotOf(mirror: SnapshotMirror): { readonly snapshot: Snapshot; readonly volatile: Snapshot | undefined } {
  let written: ReturnType<typeof snapshotOf> | undefined;
  mirror.apply("its own state", undefined, (state, volatile) => {
    written = { snapshot: write(state, withoutLinked(state)), volatile: volatile && write(volatile, clients) };
  });
  return written as ReturnType<typeof snapshotOf>;
}

/** Volatile fields are linked into instances, and written apart. */
const withoutLinked = ({ apart }: Decoder): Audience => ({
  tag: clients.tag,
  names: (node) => {
    const linked = apart?.get(node);
    return linked ? clients.names(node).filter((name) => !linked.has(name)) : clients.names(node);
  },
});

function write({ names, root, free }: Decoder, audience: Audience): Snapshot {
  const sent = new SentNames(names.list);
  const queue: Node[] = [];
  const writer = new SnapshotWriter(
    audience,
    undefined,
    (name) => sent.send(name),
    ({ id }) => id,
    queue,
  );
  return finish(writer.write(root, sent.list, () => free));
}
