import { Names } from "./names.js";

/** The names of a channel that sends. */
export class SentNames extends Names {
  readonly #numbers = new Map(this.list.map((name, number) => [name, number]));

  protected override add(name: string): void {
    super.add(name);
    if (this.list.length > this.#numbers.size) this.#numbers.set(name, this.#numbers.size);
  }

  /** A name as it is sent. */
  send(name: string): string | number {
    const number = this.#numbers.get(name);
    if (number !== undefined) return number;
    this.add(name);
    return name;
  }
}
