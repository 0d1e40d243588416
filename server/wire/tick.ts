import type { WireDelta } from "../../lib/wire/codec.js";
import type { FrameTick, RanMessage, TickMessage } from "../../lib/wire/protocol.js";
import { type CommittedEvent, ranOf } from "./ran.js";
import { eventOf } from "./sse.js";
import type { Wire } from "./wire.js";

interface TickParts {
  /** The host's number on streams. */
  readonly host: number;
  readonly number: number;
  readonly deltas: readonly (readonly [store: string, delta: WireDelta])[];
  readonly by: readonly CommittedEvent[];
  readonly named: boolean;
  /** The tick as those audiences get it that see hidden members. */
  readonly others?: ReadonlyMap<object, Tick> | undefined;
}

/** What has changed of a host's volatile state since the tick before. It is written once, for all who get the same of it in the same way. */
export class Tick {
  readonly number: number;
  readonly deltas: TickParts["deltas"];
  /** About as many as it takes on the wire. */
  readonly bytes: number;
  /** The events that have changed nothing else, where their callers want to know. */
  readonly by: readonly CommittedEvent[];
  /** An answer names the tick: all who watch the host get it. */
  readonly named: boolean;
  readonly #host: number;
  readonly #others: TickParts["others"];
  readonly #texts: readonly string[];
  readonly #written = new Map<string, Buffer>();

  constructor({ host, number, deltas, by, named, others }: TickParts) {
    this.number = number;
    this.deltas = deltas;
    this.#host = host;
    this.by = by;
    this.named = named;
    this.#others = others;
    this.#texts = deltas.map(([store, delta]) => `,${JSON.stringify(store)},${JSON.stringify(delta)}`);
    this.bytes = this.#texts.reduce((sum, text) => sum + text.length, 16);
  }

  /** Gives the tick as an audience gets it. */
  for(audience: object | undefined): Tick {
    return (audience && this.#others?.get(audience)) ?? this;
  }

  /** Whether a stream that watches some stores gets it. */
  concerns(stores: ReadonlySet<string>): boolean {
    return this.named || this.by.length > 0 || this.deltas.some(([store]) => stores.has(store));
  }

  /** Gives the messages that go before the tick to the client that has called the events. */
  ran(client: string | undefined, host = this.#host): readonly RanMessage[] {
    return this.by.filter((event) => event.client === client).map((event) => ranOf(event, host));
  }

  /** Gives the tick as it stands in the frame of a commit. */
  part(stores: ReadonlySet<string>): FrameTick {
    return [this.number, ...this.deltas.filter(([store]) => stores.has(store)).flat()];
  }

  /** Gives the same as JSON. */
  text(stores: ReadonlySet<string>): string {
    return `[${this.number}${this.#textsOf(stores)}]`;
  }

  #textsOf(stores: ReadonlySet<string>): string {
    return this.#texts.filter((_, i) => stores.has((this.deltas[i] as TickParts["deltas"][number])[0])).join("");
  }

  /** Gives the tick as a stream that watches some stores gets it. */
  message(stores: ReadonlySet<string>): TickMessage {
    return ["tick", this.#host, ...this.part(stores)];
  }

  /** Gives the tick as {@link message} does, ready to be sent. */
  written(stores: ReadonlySet<string>, wire: Wire): Buffer {
    const which = `${wire.text} ${this.deltas.map(([store]) => Number(stores.has(store))).join("")}`;
    let written = this.#written.get(which);
    if (!written) {
      written = wire.text ? eventOf(`["tick",${this.#host},${this.number}${this.#textsOf(stores)}]`) : wire.write(this.message(stores));
      this.#written.set(which, written);
    }
    return written;
  }
}
