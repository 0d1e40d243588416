import { CountedLine, type NodeLine } from "./node-line.js";
import type { FromOwner, ToOwner } from "./node-messages.js";

/** A question to the owner, which is asked again by the next line until it is answered. */
export interface Question {
  /** Makes the message, as things are when it is sent. `undefined`: it cannot be asked yet. */
  message(ask: number): ToOwner | undefined;
  /** Takes the answer, between the messages before and after it. */
  answered(answer: unknown): void;
  /** The owner is there no more. */
  dropped(): void;
  /** The question is asked by this line alone. */
  readonly once?: true;
}

export interface OwnerLineOptions {
  /** Makes a line to the owner; `undefined`: there is no owner elsewhere any more. */
  dial(): NodeLine | undefined;
  /** How long the owner may be silent when it is asked something, in ms. */
  readonly patience: number;
  take(message: FromOwner): void;
  /** A line is over: what comes by the next one does not go on from it. */
  cut(): void;
  /** There is no owner any more. */
  lost(): void;
}

/** Pauses before a line is made again, in ms: at first, and at most. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 2000;
/** A quiet line is looked at after so many times the owner's patience. */
const QUIET = 6;

interface Asked {
  readonly question: Question;
  sent: boolean;
}

/** The line of a follower to the owner of its host, and each that takes its place. */
export class OwnerLine {
  readonly #options: OwnerLineOptions;
  readonly #asked = new Map<number, Asked>();
  #line: CountedLine | undefined;
  /** The owner has answered by this line. */
  #up = false;
  #last = 0;
  #pause = FIRST_PAUSE;
  #retry: NodeJS.Timeout | undefined;
  readonly #check: NodeJS.Timeout;
  /** How many times nothing was heard since the last word of the owner. */
  #silent = 0;
  #over = false;

  constructor(options: OwnerLineOptions) {
    this.#options = options;
    this.#check = setInterval(() => this.#look(), options.patience);
    this.#check.unref();
  }

  /** Makes a line. */
  dial(): void {
    if (this.#over) return;
    const line = this.#options.dial();
    if (!line) return this.#options.lost();
    this.#silent = 0;
    let ended = false;
    let counted: CountedLine | undefined;
    const isThis = () => counted !== undefined && this.#line === counted;
    const take = (message: readonly unknown[]) => isThis() && this.#take(message as FromOwner);
    counted = new CountedLine(line, take, () => {
      ended = true;
      if (isThis()) this.#cut();
    });
    this.#line = counted;
    // It may have been over from the start.
    if (ended) return this.#cut();
    counted.send(["follow"] satisfies ToOwner);
  }

  #cut(): void {
    this.#line = undefined;
    this.#up = false;
    for (const [ask, asked] of this.#asked) {
      if (asked.question.once) this.#asked.delete(ask);
      asked.sent = false;
    }
    this.#options.cut();
    this.#retry = setTimeout(() => this.dial(), this.#pause);
    this.#retry.unref();
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }

  #take(message: FromOwner): void {
    this.#silent = 0;
    switch (message[0]) {
      case "here":
        // What goes on is asked first: what a page wants besides comes after that.
        this.#options.take(message);
        this.#up = this.#line !== undefined;
        return this.flush();
      case "watched":
      case "shown":
      case "presented": {
        const [, ask, answer] = message;
        const asked = this.#asked.get(ask);
        this.#asked.delete(ask);
        this.#pause = FIRST_PAUSE;
        return asked?.question.answered(answer);
      }
      case "pong":
        return;
      default:
        return this.#options.take(message);
    }
  }

  ask(question: Question): void {
    this.#asked.set(++this.#last, { question, sent: false });
    this.flush();
  }

  /** Asks what could not be asked before. */
  flush(): void {
    if (!this.#up) return;
    const all = [...this.#asked];
    for (const [ask, asked] of [...all.filter(([, { question }]) => question.once), ...all.filter(([, { question }]) => !question.once)]) {
      const message = asked.sent ? undefined : asked.question.message(ask);
      if (!message) continue;
      asked.sent = true;
      this.#line?.send(message);
    }
  }

  /** Says something that is of no use by the next line. */
  send(message: ToOwner): void {
    if (this.#up) this.#line?.send(message);
  }

  /** Has another line take the place of this one. */
  renew(): void {
    this.#line?.end();
  }

  /** Whether the owner is still there is asked where an answer is due, and now and then. */
  #look(): void {
    if (!this.#line) return;
    const due = !this.#up || [...this.#asked.values()].some(({ sent }) => sent);
    if (++this.#silent > (due ? 2 : QUIET + 2)) return this.renew();
    if (this.#up && (due || this.#silent === QUIET)) this.#line.send(["ping"] satisfies ToOwner);
  }

  /** Ends the line for good. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#check);
    clearTimeout(this.#retry);
    const line = this.#line;
    this.#line = undefined;
    line?.end();
    const all = [...this.#asked.values()];
    this.#asked.clear();
    for (const { question } of all) question.dropped();
  }
}
