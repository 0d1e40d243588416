import { badWire } from "./errors.js";

/** Longer names take no number: they are rather keys of data than names of a program. */
const LONGEST = 20;
const MOST = 1024;

/** The names that have been sent, with their numbers: sent once, both ends count. */
export class Names {
  readonly list: string[];

  constructor(list: readonly string[] = []) {
    this.list = [...list];
  }

  /** Gives a name that is new its number. */
  protected add(name: string): void {
    if (name.length <= LONGEST && this.list.length < MOST) this.list.push(name);
  }

  /** A name as it was sent. */
  receive(sent: unknown): string {
    if (typeof sent === "string") {
      if (!this.list.includes(sent)) this.add(sent);
      return sent;
    }
    const name = this.list[sent as number];
    if (name === undefined) throw badWire("a name", sent);
    return name;
  }
}
