import { badWire } from "./errors.js";

/** Longer names take no number: they are rather keys of data than names of a program. */
const LONGEST = 20;
const MOST = 1024;

/** The names that have been sent, with their numbers: sent once, both ends count. */
export class Names {
  readonly list: string[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(list: readonly string[] = []) {
    for (const name of list) this.#add(name);
  }

  #add(name: string): void {
    if (name.length > LONGEST || this.list.length >= MOST) return;
    this.#numbers.set(name, this.list.length);
    this.list.push(name);
  }

  /** A name as it is sent. */
  send(name: string): string | number {
    const number = this.#numbers.get(name);
    if (number !== undefined) return number;
    this.#add(name);
    return name;
  }

  /** A name as it was sent. */
  receive(sent: unknown): string {
    if (typeof sent === "string") {
      if (!this.#numbers.has(sent)) this.#add(sent);
      return sent;
    }
    const name = this.list[sent as number];
    if (name === undefined) throw badWire("a name", sent);
    return name;
  }
}
