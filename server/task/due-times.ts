/** Ids by the time at which something of them is due: a heap, in which entries that do not count any more stay until they are met. */
export class DueTimes {
  readonly #due = new Map<string, number>();
  readonly #heap: (readonly [due: number, id: string])[] = [];

  /** When an id is due; `undefined`: never. */
  set(id: string, due: number | undefined): void {
    if (this.#due.get(id) === due) return;
    if (due === undefined) {
      this.#due.delete(id);
      return;
    }
    this.#due.set(id, due);
    this.#push([due, id]);
    if (this.#heap.length > 64 && this.#heap.length > 4 * this.#due.size) this.#clean();
  }

  get(id: string): number | undefined {
    return this.#due.get(id);
  }

  /** The ids that are due before a time, the earliest first. */
  list(before: number, limit: number): { readonly id: string; readonly due: number }[] {
    const found: (readonly [due: number, id: string])[] = [];
    const seen = new Set<string>();
    while (found.length < limit) {
      const first = this.#heap[0];
      if (!first || first[0] >= before) break;
      this.#pop();
      const [due, id] = first;
      if (this.#due.get(id) !== due || seen.has(id)) continue;
      seen.add(id);
      found.push(first);
    }
    for (const entry of found) this.#push(entry);
    return found.map(([due, id]) => ({ id, due }));
  }

  #clean(): void {
    this.#heap.length = 0;
    for (const [id, due] of this.#due) this.#push([due, id]);
  }

  #push(entry: readonly [due: number, id: string]): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as typeof entry;
      if (parent[0] <= entry[0]) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && (heap[below + 1] as typeof last)[0] < (heap[below] as typeof last)[0]) below++;
      const child = heap[below] as typeof last;
      if (last[0] <= child[0]) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
  }
}
