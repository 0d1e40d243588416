import type { Saved } from "../../lib/channel/channel.js";
import { countOf, type Group } from "../../lib/wire/codec.js";
import { STEP, type Steps } from "../../lib/wire/steps.js";

/** The part of a store that its chunks leave out: small, whatever the store's size. */
export interface Outline {
  readonly version: number;
  /** Names and next number of the storage's channel, and of clients'. */
  readonly storage: readonly [names: readonly string[], next: number];
  readonly clients: readonly [names: readonly string[], next: number, shape?: string];
}

type Pairs = readonly number[];
type Chunk = readonly [bodies: readonly Group[], ids: Pairs, clientIds: Pairs];

export const outlineOf = (version: number, [[names, next], clientNames, clientNext, , ...shape]: Saved): Outline => ({
  version,
  storage: [names, next],
  clients: [clientNames, clientNext, ...shape],
});

/** The bulk of a store, as texts of a few thousand containers each. */
export function* chunksOf([[, , ids, bodies], , , clientIds]: Saved): Steps<string[]> {
  const chunks: string[] = [];
  const [take, takeClients] = [taker(ids), taker(clientIds)];
  let some: Group[] = [];
  let count = 0;
  const close = () => {
    chunks.push(JSON.stringify([some, take(count), takeClients(count)] satisfies Chunk));
    some = [];
    count = 0;
  };
  for (const body of bodies) {
    if (count > 0 && count + countOf(body) > STEP) {
      close();
      yield;
    }
    some.push(body);
    count += countOf(body);
  }
  close();
  return chunks;
}

/** Makes a function that takes a count of numbers from pairs `start, count`, or fewer where there are no more. */
function taker(pairs: Pairs): (count: number) => number[] {
  let [at, used] = [0, 0];
  return (count) => {
    const taken: number[] = [];
    for (let wanted = count; wanted > 0 && at < pairs.length; ) {
      const [start, length] = [pairs[at] as number, (pairs[at + 1] as number) - used];
      const part = Math.min(wanted, length);
      taken.push(start < 0 ? start : start + used, part);
      wanted -= part;
      used += part;
      if (part < length) continue;
      at += 2;
      used = 0;
    }
    return taken;
  };
}

/** The store again, from its outline and the texts of its chunks. */
export function* fromChunks({ storage, clients }: Outline, texts: Iterable<string>): Steps<Saved> {
  const bodies: Group[] = [];
  const ids: number[] = [];
  const clientIds: number[] = [];
  for (const text of texts) {
    const [more, moreIds, moreClientIds] = JSON.parse(text) as Chunk;
    for (const body of more) bodies.push(body);
    for (const id of moreIds) ids.push(id);
    for (const id of moreClientIds) clientIds.push(id);
    yield;
  }
  const [names, next, ...shape] = clients;
  return [[[...storage[0]], storage[1], ids, bodies], names, next, clientIds, ...shape];
}
