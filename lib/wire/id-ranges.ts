/** Numbers as pairs `start, count`; -1 stands for none. */
export class IdRanges {
  readonly #list: number[] = [];
  #start = 0;
  #count = 0;

  add(id: number): void {
    if (this.#count > 0 && (id < 0 ? this.#start < 0 : this.#start >= 0 && this.#start + this.#count === id)) {
      this.#count++;
      return;
    }
    this.#close();
    this.#start = id < 0 ? -1 : id;
    this.#count = 1;
  }

  all(): number[] {
    this.#close();
    this.#count = 0;
    return this.#list;
  }

  #close(): void {
    if (this.#count > 0) this.#list.push(this.#start, this.#count);
  }
}
