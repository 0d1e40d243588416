import { randomBytes } from "node:crypto";
import type { Effect, Message } from "../../lib/wire/protocol.js";

/** How many letters of one tab are kept, and how many characters they may have. */
const MOST = 100;
const MOST_CHARACTERS = 1_000_000;
/** How many characters the letters of all tabs may have. */
const MOST_OF_ALL = 1 << 24;
/** How long a tab without a stream keeps its letters, in ms. */
const LIFE = 60_000;
/** How often those of tabs that have not come back are looked for, in ms. */
const SWEEP = 5000;

/** A tab's stream. */
interface Reader {
  bring(message: Message): void;
}

export interface Letter {
  readonly number: number;
  readonly effect: Effect;
  /** The client that it is for, where a later page of the tab is to have one of its own. */
  readonly client: string | undefined;
  readonly size: number;
}

interface Box {
  readonly tab: string;
  letters: Letter[];
  size: number;
  /** Until when they are kept, if no stream comes. */
  until: number;
}

/**
 * Effects for tabs that no call brings: those of hooks, and of `effect.to(connection)`. They are kept until the tab has confirmed them, and repeated on its
 * next stream. What is kept is bounded, by letters, characters and time: the oldest go first.
 */
export class Letters {
  /** Names this process: numbers of another one are no news here. */
  readonly #life = randomBytes(9).toString("base64url");
  readonly #boxes = new Map<string, Box>();
  readonly #readers = new Map<string, Reader>();
  /** The readers that show what they watch. */
  readonly #ready = new WeakSet<Reader>();
  #last = 0;
  #size = 0;
  #swept = 0;

  /** Sends an effect to a tab, now or by its next stream. */
  post(tab: string, effect: Effect, client?: string): Letter {
    this.#sweep();
    const box = this.#boxes.get(tab) ?? { tab, letters: [], size: 0, until: Date.now() + LIFE };
    const letter = { number: ++this.#last, effect, client, size: JSON.stringify(effect).length };
    box.letters.push(letter);
    this.#grow(box, letter.size);
    // The box that was written to last goes last.
    this.#boxes.delete(tab);
    this.#boxes.set(tab, box);
    while (box.letters.length > MOST || (box.size > MOST_CHARACTERS && box.letters.length > 1)) this.#drop(box);
    for (const other of this.#boxes.values()) {
      if (this.#size <= MOST_OF_ALL || other === box) break;
      this.#forget(other);
    }
    const reader = this.#readers.get(tab);
    if (reader && this.#ready.has(reader)) this.#send(reader, letter);
    return letter;
  }

  /** The letters of a tab that it has not confirmed. */
  of(tab: string): readonly Letter[] {
    return this.#boxes.get(tab)?.letters ?? [];
  }

  /** Forgets letters of a tab. */
  remove(tab: string, letters: readonly Letter[]): void {
    const box = this.#boxes.get(tab);
    if (!box) return;
    for (const { size } of box.letters.filter((letter) => letters.includes(letter))) this.#grow(box, -size);
    box.letters = box.letters.filter((letter) => !letters.includes(letter));
    if (box.letters.length === 0) this.#boxes.delete(tab);
  }

  /** A tab has a stream. */
  open(tab: string, reader: Reader): void {
    this.#sweep();
    this.#readers.set(tab, reader);
  }

  /** The stream has brought what the tab watches, and brings the letters that it has not confirmed. */
  begin(tab: string, reader: Reader): void {
    if (this.#readers.get(tab) !== reader) return;
    this.#ready.add(reader);
    for (const letter of this.#boxes.get(tab)?.letters ?? []) this.#send(reader, letter);
  }

  /** Whether the same effect, as JSON, waits for a client's new stream to bring it. */
  waits(tab: string, effect: string, reader: Reader, client: string | undefined): boolean {
    if (this.#ready.has(reader)) return false;
    return this.#boxes.get(tab)?.letters.some((letter) => letter.client === client && JSON.stringify(letter.effect) === effect) ?? false;
  }

  /** Whether a tab has a stream. */
  reads(tab: string): boolean {
    return this.#readers.has(tab);
  }

  /** A stream of a tab has ended. */
  leave(tab: string, reader: Reader): void {
    if (this.#readers.get(tab) !== reader) return;
    this.#readers.delete(tab);
    const box = this.#boxes.get(tab);
    if (box) box.until = Date.now() + LIFE;
  }

  /** A tab has all letters up to this one. */
  confirm(tab: string, id: string | undefined): void {
    const box = id === undefined ? undefined : this.#boxes.get(tab);
    if (!box) return;
    const [life, number] = (id as string).split(".");
    if (life !== this.#life) return;
    while (box.letters[0] && box.letters[0].number <= Number(number)) this.#drop(box);
  }

  #send(reader: Reader, { number, effect }: Letter): void {
    reader.bring(["effect", ...effect, `${this.#life}.${number}`]);
  }

  #grow(box: Box, more: number): void {
    box.size += more;
    this.#size += more;
  }

  #drop(box: Box): void {
    const letter = box.letters.shift();
    this.#grow(box, -(letter?.size ?? 0));
    if (box.letters.length === 0) this.#boxes.delete(box.tab);
  }

  #forget(box: Box): void {
    this.#grow(box, -box.size);
    this.#boxes.delete(box.tab);
  }

  /** Forgets the letters of tabs that have not come back. */
  #sweep(): void {
    const now = Date.now();
    if (now < this.#swept + SWEEP) return;
    this.#swept = now;
    for (const box of this.#boxes.values()) if (box.until < now && !this.#readers.has(box.tab)) this.#forget(box);
  }
}
