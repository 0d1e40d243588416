import type { FrameMessage, RanMessage } from "../../lib/wire/protocol.js";
import type { Frame } from "./frame.js";
import { eventOf } from "./sse.js";
import type { Wire } from "./wire.js";

/** Consecutive frames of one host, sent as one message. It is written once for all readers that get the same of it in the same way. */
export class FrameRun {
  readonly last: Frame;
  readonly #first: Frame;
  readonly #others: readonly Frame[];
  readonly #names: ReadonlySet<string>;
  readonly #written = new Map<string, Buffer>();

  constructor(first: Frame, others: readonly [Frame, ...Frame[]]) {
    this.last = others[others.length - 1] as Frame;
    this.#first = first;
    this.#others = others;
    this.#names = new Set([first, ...others].flatMap(({ names }) => names));
  }

  /** Gives the messages that go before it to the client that has called events of the run. */
  ran(client: string | undefined): readonly RanMessage[] {
    return [this.#first, ...this.#others].flatMap((frame) => frame.ran(client));
  }

  /** Gives the message as a stream that watches some stores gets it. */
  message(stores: ReadonlySet<string>): FrameMessage {
    const message: FrameMessage[number][] = [...this.#first.message(stores)];
    for (const [step, frame] of this.#steps(stores)) message.push(step, ...(frame?.message(stores).slice(2) ?? []));
    return message as unknown as FrameMessage;
  }

  /** Gives the message as {@link message} does, ready to be sent. */
  written(stores: ReadonlySet<string>, wire: Wire): Buffer {
    const which = `${wire.text} ${JSON.stringify([...this.#names].filter((name) => stores.has(name)))}`;
    let written = this.#written.get(which);
    if (!written) {
      written = wire.text ? eventOf(this.#text(stores)) : wire.write(this.message(stores));
      this.#written.set(which, written);
    }
    return written;
  }

  #text(stores: ReadonlySet<string>): string {
    const { host, revision } = this.#first;
    const steps = Array.from(this.#steps(stores), ([step, frame]) => `,${step}${frame?.partsOf(stores) ?? ""}`);
    return `[${host},${revision}${this.#first.partsOf(stores)}${steps.join("")}]`;
  }

  /** Gives the other frames that tell of these stores, each with its distance from the one before. At the end, no frame stands for those that do not. */
  *#steps(stores: ReadonlySet<string>): Generator<[step: number, frame?: Frame]> {
    let step = 0;
    for (const frame of this.#others) {
      step++;
      if (!frame.concerns(stores)) continue;
      yield [step, frame];
      step = 0;
    }
    if (step > 0) yield [step];
  }
}

/** The runs that were made last, by their first frames. They are kept for one turn of the event loop, in which the readers of a room take theirs. */
const runs = new Map<Frame, FrameRun>();

/** Gives consecutive frames as one message: the same one to all readers. */
export function runOf(first: Frame, others: readonly Frame[]): Frame | FrameRun {
  if (!isSome(others)) return first;
  const found = runs.get(first);
  if (found && found.last === others[others.length - 1]) return found;
  if (runs.size === 0) setImmediate(() => runs.clear());
  const run = new FrameRun(first, others);
  runs.set(first, run);
  return run;
}

const isSome = (frames: readonly Frame[]): frames is readonly [Frame, ...Frame[]] => frames.length > 0;
