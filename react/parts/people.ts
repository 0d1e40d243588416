/**
 * The people behind the tabs of a presence field, each once, in the order in which they came. In a selector of a store's hook, the list stays the same object
 * while the same people are here, though their pointers move.
 * @param person what is shown of a tab: its `id` says who it is
 * @example const people = useBoard(key, ({ guests }) => eachOnce(guests, ({ person }) => person));
 */
export function eachOnce<T, P extends { readonly id: string }>(tabs: readonly T[], person: (tab: T) => P): P[] {
  const people = new Map<string, P>();
  for (const tab of tabs) {
    const one = person(tab);
    if (!people.has(one.id)) people.set(one.id, one);
  }
  return [...people.values()];
}

/**
 * The first letters of the first two words of a name, for an avatar.
 * @example initialsOf("Ada Lovelace") // "AL"
 */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).slice(0, 2);
  return words.map(([first = ""]) => first.toUpperCase()).join("");
}
