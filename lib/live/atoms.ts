import { _isComputingDerivation, createAtom, type IAtom, transaction } from "mobx";
import { batchBy } from "../graph/batch.js";
import { type KeyAtoms, Node } from "../graph/node.js";

batchBy(transaction);

/** Stands for "which keys there are" among the atoms of keyed containers. */
export const KEYS = Symbol("keys");
/** Stands for "all entries" among the atoms of a Map. */
export const ENTRIES = Symbol("entries");
/** Stands for "whether there is this key" among the atoms of a keyed container. Where two fall together, a reaction runs once more than it must. */
const presenceOf = (key: unknown): unknown => (key instanceof Node ? key : `has ${typeof key} ${String(key)}`);

/** A reaction reads the whole of a container. */
export function observeAll(node: Node): void {
  if (!_isComputingDerivation()) return;
  node.atoms ??= createAtom("twinstate");
  (node.atoms as IAtom).reportObserved();
}

/** A reaction reads one key. */
export function observeKey(node: Node, key: unknown): void {
  if (!_isComputingDerivation()) return;
  node.atoms ??= new AtomsByKey();
  (node.atoms as AtomsByKey).observe(key);
}

/** A reaction asks whether there is a key. */
export function observePresence(node: Node, key: unknown): void {
  if (_isComputingDerivation()) observeKey(node, presenceOf(key));
}

class AtomsByKey implements KeyAtoms {
  readonly #atoms = new Map<unknown, IAtom>();

  observe(key: unknown): void {
    let atom = this.#atoms.get(key);
    if (!atom) {
      atom = createAtom("twinstate");
      this.#atoms.set(key, atom);
    }
    atom.reportObserved();
  }

  changed(key: unknown): void {
    this.#report(key, ENTRIES);
  }

  moved(key: unknown): void {
    this.#report(key, presenceOf(key), ENTRIES, KEYS);
  }

  reportChanged(): void {
    for (const atom of this.#atoms.values()) atom.reportChanged();
  }

  #report(...keys: unknown[]): void {
    transaction(() => {
      for (const key of keys) this.#atoms.get(key)?.reportChanged();
    });
  }
}
