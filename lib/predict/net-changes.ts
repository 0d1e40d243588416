import { difference } from "../graph/array.js";
import type { Listeners } from "../graph/listeners.js";
import type { Atoms, KeyAtoms, Node, Stored } from "../graph/node.js";

/** Runs changes that may cancel each other out. Reactions and listeners are notified of the net changes only. */
export function reportNetChanges(nodes: Iterable<Node>, run: () => void): void {
  const hushed: [node: Node, atoms: Atoms | undefined, before: unknown][] = [];
  for (const node of nodes) {
    const { atoms, data } = node;
    if (!atoms && !node.graph.listeners?.hush(node)) continue;
    hushed.push([node, atoms, data]);
    node.atoms = undefined;
  }
  try {
    run();
  } finally {
    for (const [node, atoms] of hushed) {
      node.atoms = atoms;
      node.graph.listeners?.unhush(node);
    }
    for (const [node, atoms, before] of hushed) tell(node, atoms, node.graph.listeners, before);
  }
}

function tell(node: Node, atoms: Atoms | undefined, listeners: Listeners | undefined, before: unknown): void {
  const { data } = node;
  if (Array.isArray(before)) return tellArray(node, atoms, listeners, before);
  if (before instanceof Set) return tellSet(node, atoms, listeners, before);
  const keyed = atoms as KeyAtoms | undefined;
  const [old, now] = [entriesOf(before as object), entriesOf(data as object)];
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(key), now.get(key)];
    const present = old.has(key);
    if (present === now.has(key) && Object.is(was, is)) continue;
    if (present && now.has(key)) keyed?.changed(key);
    else keyed?.moved(key);
    if (now.has(key)) listeners?.key(node, key, present, was, is);
    else listeners?.delete(node, key, was);
  }
  if (!alike([...old.keys()], [...now.keys()])) keyed?.reportChanged();
}

const entriesOf = (data: object): ReadonlyMap<Stored, Stored> => (data instanceof Map ? data : new Map(Object.entries(data)));

const alike = (a: readonly unknown[], b: readonly unknown[]) => a.length === b.length && a.every((value, i) => Object.is(value, b[i]));

function tellArray(node: Node, atoms: Atoms | undefined, listeners: Listeners | undefined, before: readonly Stored[]): void {
  const data = node.data as readonly Stored[];
  if (alike(before, data)) return;
  atoms?.reportChanged();
  const { at, removed, added } = difference(before, data);
  listeners?.splice(node, at, removed, added);
}

function tellSet(node: Node, atoms: Atoms | undefined, listeners: Listeners | undefined, before: ReadonlySet<Stored>): void {
  const data = node.data as ReadonlySet<Stored>;
  if (alike([...before], [...data])) return;
  atoms?.reportChanged();
  for (const member of before) if (!data.has(member)) listeners?.delete(node, undefined, member);
  for (const member of data) if (!before.has(member)) listeners?.key(node, undefined, false, undefined, member);
}
