import type { WireDelta } from "../../lib/wire/codec.js";
import { EFFECTS, type Effect, type FrameMessage, type FramePart, type RanMessage, TICK } from "../../lib/wire/protocol.js";
import { type CommittedEvent, ranOf } from "./ran.js";
import { eventOf } from "./sse.js";
import type { Tick } from "./tick.js";
import type { Wire } from "./wire.js";

const NONE: readonly RanMessage[] = [];

/**
 * What one commit has changed, in the stores that clients watch. It is written once, for all who get the same of it in the same way: a room of a
 * thousand costs one encoding.
 */
export class Frame {
  /** The host's number on streams. */
  readonly host: number;
  readonly revision: number;
  readonly deltas: readonly (readonly [store: string, delta: WireDelta])[];
  /** About as many as it takes on the wire. */
  readonly bytes: number;
  /** The event whose last commit it is, where its caller wants to know. */
  readonly by: CommittedEvent | undefined;
  /** The effects for all who watch the host. */
  readonly effects: readonly Effect[];
  /** What the commit has changed of the volatile state, and what had changed of it before. */
  readonly tick: Tick | undefined;
  /** The frame as those audiences get it that see hidden members. */
  readonly #others: ReadonlyMap<object, Frame> | undefined;
  /** The deltas as text, and at last the effects, if there are any. */
  readonly #parts: readonly string[];
  /** The frame as a server-sent event with all stores in it. */
  #event: Buffer | undefined;
  /** The same as bytes. */
  #bytes: Buffer | undefined;
  /** The same with some of them, by which these are. */
  #some: Map<string, Buffer> | undefined;

  constructor(
    host: number,
    revision: number,
    deltas: Frame["deltas"],
    by?: Frame["by"],
    effects: readonly Effect[] = [],
    others?: ReadonlyMap<object, Frame>,
    tick?: Tick,
  ) {
    this.host = host;
    this.#others = others;
    this.revision = revision;
    this.deltas = deltas;
    this.by = by;
    this.effects = effects;
    this.tick = tick;
    const parts: readonly (readonly [string, unknown])[] = effects.length > 0 ? [...deltas, [EFFECTS, effects]] : deltas;
    this.#parts = parts.map(([store, delta]) => `,${JSON.stringify(store)},${JSON.stringify(delta)}`);
    this.bytes = this.#parts.reduce((sum, part) => sum + part.length, 16 + (tick?.bytes ?? 0));
  }

  /** Gives the frame as an audience gets it. */
  for(audience: object | undefined): Frame {
    return (audience && this.#others?.get(audience)) ?? this;
  }

  /** About as many bytes as it takes in all its forms. */
  get weight(): number {
    let { bytes } = this;
    for (const frame of this.#others?.values() ?? []) bytes += frame.bytes;
    return bytes;
  }

  /** Gives the frame as a stream that watches some stores gets it. */
  message(stores: ReadonlySet<string>, host = this.host): FrameMessage {
    const message: [number, number, ...FramePart[]] = [host, this.revision];
    for (const [store, delta] of this.deltas) if (stores.has(store)) message.push(store, delta);
    if (this.effects.length > 0) message.push(EFFECTS, this.effects);
    if (this.tick) message.push(TICK, this.tick.part(stores));
    return message;
  }

  /** Gives the messages that go before the frame to the client that has called the event. */
  ran(client: string | undefined, host = this.host): readonly RanMessage[] {
    const before = this.tick?.ran(client, host) ?? NONE;
    return this.by && this.by.client === client ? [...before, ranOf(this.by, host)] : before;
  }

  /** Whether it has anything for a stream that watches some stores. */
  concerns(stores: ReadonlySet<string>): boolean {
    return this.tick !== undefined || this.deltas.some(([store]) => stores.has(store));
  }

  /** The stores whose deltas it has, those of the volatile state too. */
  get names(): readonly string[] {
    const names = this.deltas.map(([store]) => store);
    return this.tick ? [...names, ...this.tick.deltas.map(([store]) => store)] : names;
  }

  /** Gives the frame as {@link message} does, ready to be sent. */
  written(stores: ReadonlySet<string>, wire: Wire): Buffer {
    if (!this.names.every((store) => stores.has(store))) return this.#written(stores, wire);
    if (wire.text) return (this.#event ??= this.#text(stores));
    return (this.#bytes ??= wire.write(this.message(stores)));
  }

  /** Gives the frame with some of the stores in it. */
  #written(stores: ReadonlySet<string>, wire: Wire): Buffer {
    const which = `${wire.text} ${this.names.map((store) => Number(stores.has(store))).join("")}`;
    this.#some ??= new Map();
    let written = this.#some.get(which);
    if (!written) {
      written = wire.text ? this.#text(stores) : wire.write(this.message(stores));
      this.#some.set(which, written);
    }
    return written;
  }

  #text(stores: ReadonlySet<string>): Buffer {
    return eventOf(`[${this.host},${this.revision}${this.partsOf(stores)}]`);
  }

  /** Gives what a stream that watches some stores gets, as JSON: a comma, and the elements of the message. */
  partsOf(stores: ReadonlySet<string>): string {
    const has = (delta: Frame["deltas"][number] | undefined) => !delta || stores.has(delta[0]);
    const parts = this.#parts.filter((_, i) => has(this.deltas[i])).join("");
    return this.tick ? `${parts},"${TICK}",${this.tick.text(stores)}` : parts;
  }
}
