import { _isComputingDerivation, createAtom, type IAtom } from "mobx";
import { type Node, presenceOf } from "./node.js";

/** A reaction reads the whole of a container. */
export function observeAll(node: Node): void {
  if (!_isComputingDerivation()) return;
  node.atoms ??= createAtom("twinstate");
  (node.atoms as IAtom).reportObserved();
}

/** A reaction reads one key. */
export function observeKey(node: Node, key: unknown): void {
  if (!_isComputingDerivation()) return;
  node.atoms ??= new Map();
  const atoms = node.atoms as Map<unknown, IAtom>;
  let atom = atoms.get(key);
  if (!atom) {
    atom = createAtom("twinstate");
    atoms.set(key, atom);
  }
  atom.reportObserved();
}

/** A reaction asks whether there is a key. */
export function observePresence(node: Node, key: unknown): void {
  if (_isComputingDerivation()) observeKey(node, presenceOf(key));
}
