import type { NodeLine } from "./node-line.js";

/** A line between two nodes, as the one or the other has it. */
export class PeerLine implements NodeLine {
  readonly node: string;
  /** How many messages have been sent by it, and have come. */
  said = 0;
  got = 0;
  readonly #say: (text: string) => void;
  readonly #leave: (told: boolean) => void;
  #take: ((message: string) => void) | undefined;
  #ended: (() => void) | undefined;
  #over = false;
  /** The other end has hung up, and messages of it are not taken yet. */
  #hung = false;
  /** The messages that came before somebody took them. */
  readonly #early: string[] = [];

  constructor(node: string, say: (text: string) => void, leave: (told: boolean) => void) {
    this.node = node;
    this.#say = say;
    this.#leave = leave;
  }

  send(message: string): void {
    if (this.#over) return;
    this.said++;
    this.#say(message);
  }

  onMessage(take: (message: string) => void): void {
    // Whoever takes them is still being made.
    queueMicrotask(() => {
      this.#take = take;
      for (const message of this.#early.splice(0)) take(message);
      if (this.#hung) this.#finish(false);
    });
  }

  onEnd(over: () => void): void {
    this.#ended = over;
    if (this.#over) over();
  }

  take(message: string): void {
    this.got++;
    if (this.#take) this.#take(message);
    else this.#early.push(message);
  }

  end(): void {
    this.#finish(true);
  }

  /** The other end is there no more: what it has said before is taken first. */
  over(): void {
    if (this.#take || this.#early.length === 0) this.#finish(false);
    else this.#hung = true;
  }

  #finish(told: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#leave(told);
    this.#ended?.();
  }
}
