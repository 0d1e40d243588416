import { badWire } from "../errors/errors.js";
import { NAME, NAMES } from "./bounds.js";

/** The names that have been sent, with their numbers: sent once, both ends count. */
export class Names {
  readonly list: string[];

  constructor(list: readonly string[] = []) {
    this.list = [...list];
  }

  /** Gives a name that is new its number. */
  protected add(name: string): void {
    if (name.length <= NAME && this.list.length < NAMES) this.list.push(name);
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
