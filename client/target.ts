import type { InstanceNode } from "../lib/graph/instance.js";
import type { Answer } from "../lib/wire/protocol.js";
import type { OutboxEntry } from "./outbox.js";

/** The call that has made an instance in its prediction: the one with that index, of so many. */
export interface Maker {
  readonly entry: OutboxEntry;
  readonly index: number;
  readonly count: number;
}

/** The procedure of a call. */
export const pathOf = ({ twin, event }: OutboxEntry): string => `${twin.store}.${event}`;

/** Whether the event belongs to an instance in the store. */
export const isNested = ({ target }: OutboxEntry): boolean => target.className !== "";

/**
 * Finds the instance of a call that was not sent yet: PROTOCOL.md §2. `false`: it is gone. The call must not be sent then, as the number may be another
 * instance's by now. A call that has no `on` afterwards waits for the answer of the call that makes its instance.
 */
export function locateTarget(entry: OutboxEntry, entries: ReadonlySet<OutboxEntry>, incarnation: string | undefined): boolean {
  if (!isNested(entry)) return true;
  entry.on ??= entry.twin.refOf(entry.target);
  if (!entry.on) {
    entry.maker ??= makerOf(entry.target, entries);
    if (!entry.maker) return false;
    const { answer } = entry.maker.entry;
    if (!answer) return entries.has(entry.maker.entry);
    const number = numberIn(answer, entry.maker);
    if (number < 0) return false;
    entry.on = answer.a ? [answer.i, answer.r, number, answer.a] : [answer.i, answer.r, number];
  }
  return incarnation === undefined || entry.on[0] === incarnation;
}

/** The number that the server has given to an instance. Where it has made more or fewer of them, nobody can tell which is which. */
const numberIn = ({ m }: Answer, { index, count }: Maker): number => (m?.length === count ? (m[index] as number) : -1);

function makerOf(target: InstanceNode, entries: ReadonlySet<OutboxEntry>): Maker | undefined {
  for (const entry of entries) {
    const made = entry.prediction?.instances() ?? [];
    const index = made.indexOf(target);
    if (index >= 0) return { entry, index, count: made.length };
  }
  return undefined;
}
