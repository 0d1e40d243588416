import type { TRPCUntypedClient } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import { type EventError, refusal } from "../lib/errors/errors.js";
import { sha256 } from "../lib/event/event-ids.js";
import { textId } from "../lib/event/random-id.js";
import { nodeOf } from "../lib/graph/node.js";
import type { Encoded } from "../lib/wire/codec.js";
import { encodeValue } from "../lib/wire/value-codec.js";
import type { ServerConnection } from "./connection.js";
import { isAgain, refusalOf } from "./refusal.js";
import type { ServerFacts } from "./server-facts.js";
import type { LiveTwin } from "./twin.js";

/** How long after a message the next one is sent, in ms: about a frame. */
const PAUSE = 16;
/** After how many ms a message that did not come through is sent again. */
const RETRY = 500;
/** The length of a tab's id, and how much of the ids of a tab and its session others see. */
const TAB = 22;
const TAG = 11;

export interface PresenceWorld {
  readonly connection: Pick<ServerConnection, "epoch" | "id">;
  readonly server: Pick<ServerFacts, "session">;
  readonly twins: ReadonlyMap<string, LiveTwin>;
  readonly trpc: Pick<TRPCUntypedClient<AnyTRPCRouter>, "mutation">;
  /** Reports an error that nobody awaits. */
  unheard(error: EventError): void;
}

/** What this tab shows of itself in the presence fields of stores. A page loads it with the first of them. */
export class PresenceClient {
  readonly #world: PresenceWorld;
  readonly #outlets = new WeakMap<LiveTwin, Map<string, Outlet>>();
  readonly #shownBy = new WeakMap<object, Outlet>();
  #n = 0;
  #own: { readonly of: string; readonly id: string } | undefined;

  constructor(world: PresenceWorld) {
    this.#world = world;
  }

  /** The id by which lists name this tab: PROTOCOL.md §2. `undefined` until the page has connected, as its tab and session are known by then only. */
  get me(): string | undefined {
    const { connection, server } = this.#world;
    if (connection.epoch === 0 || server.session === undefined) return undefined;
    const of = `${server.session} ${connection.id}`;
    if (this.#own?.of !== of) this.#own = { of, id: server.session.slice(0, TAG) + tagOf(connection.id.slice(0, TAB)).slice(0, TAG) };
    return this.#own.id;
  }

  /**
   * Shows a part of what this tab shows, in the place of what the same component has shown before; `undefined`: nothing any more.
   * @param people the list of a presence field, as a view or a live twin has it
   */
  show(component: object, people: object | undefined, part: object | undefined): void {
    const before = this.#shownBy.get(component);
    if (!part || !people) {
      this.#shownBy.delete(component);
      return before?.show(component, undefined);
    }
    const outlet = this.#outletOf(people) ?? before;
    if (outlet !== before) before?.show(component, undefined);
    if (!outlet) return;
    this.#shownBy.set(component, outlet);
    outlet.show(component, part);
  }

  /** Shows a part by the name of a field. */
  showIn(twin: LiveTwin, field: string, component: object, part: object | undefined): void {
    this.#outletAt(twin, field).show(component, part);
  }

  /** The field of the list; `undefined` where the list is older than what the twin shows: its component renders again. */
  #outletOf(people: object): Outlet | undefined {
    const node = nodeOf(people);
    for (const twin of this.#world.twins.values()) {
      const { root } = twin.mirror.graph;
      if (node && node.graph !== root.graph) continue;
      for (const field of Object.keys(root.data)) if (node ? root.data[field] === node : twin.mirror.read(field) === people) return this.#outletAt(twin, field);
    }
    return undefined;
  }

  #outletAt(twin: LiveTwin, field: string): Outlet {
    let outlets = this.#outlets.get(twin);
    if (!outlets) {
      this.#outlets.set(twin, (outlets = new Map()));
      const all = outlets;
      twin.onSynced = () => {
        for (const outlet of all.values()) outlet.again();
      };
    }
    let outlet = outlets.get(field);
    if (!outlet) outlets.set(field, (outlet = new Outlet(this.#world, twin, field, () => ++this.#n)));
    return outlet;
  }
}

/** What this tab shows in one field. At most one message is under way, and the latest state is what the next one has. */
class Outlet {
  readonly #world: PresenceWorld;
  readonly #twin: LiveTwin;
  readonly #field: string;
  readonly #number: () => number;
  /** What each component shows, in the order in which they began. */
  readonly #parts = new Map<object, object>();
  /** What the server has, as JSON; `undefined`: nothing; `null`: that is not sure. */
  #sent: string | undefined | null;
  /** Tells whether something has been sent. */
  #begun = false;
  #sending: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(world: PresenceWorld, twin: LiveTwin, field: string, number: () => number) {
    this.#world = world;
    this.#twin = twin;
    this.#field = field;
    this.#number = number;
  }

  show(component: object, part: object | undefined): void {
    if (part) this.#parts.set(component, part);
    else if (!this.#parts.delete(component)) return;
    this.#timer ??= setTimeout(() => this.#send());
  }

  /** A stream has begun: the server may have forgotten what this page showed on an earlier one, or may not have heard the last of it. */
  again(): void {
    this.#sending?.abort();
    this.#sending = undefined;
    if (this.#begun) this.#sent = null;
    this.#wait(0);
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(), ms);
  }

  /** All parts as one object. Of two components that show the same property, the later one counts. */
  #value(): Encoded | undefined {
    const all = Object.assign({}, ...this.#parts.values()) as Record<string, unknown>;
    for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
    return Object.keys(all).length > 0 ? encodeValue(all) : undefined;
  }

  #send(): void {
    this.#timer = undefined;
    if (this.#sending || !this.#twin.synced) return;
    const { connection, trpc, unheard } = this.#world;
    let value: Encoded | undefined;
    try {
      value = this.#value();
    } catch (error) {
      return unheard(refusal("INVALID", (error as Error).message));
    }
    const text = value && JSON.stringify(value);
    if (text === this.#sent) return;
    const { store, key } = this.#twin;
    const sending = new AbortController();
    this.#sending = sending;
    this.#begun = true;
    const input = { client: connection.id, epoch: connection.epoch, store, key: key ?? undefined, field: this.#field, n: this.#number(), value };
    const settle = (ms: number) => {
      if (this.#sending !== sending) return;
      this.#sending = undefined;
      this.#wait(ms);
    };
    trpc.mutation("$present", input, { signal: sending.signal }).then(
      () => {
        if (this.#sending === sending) this.#sent = text;
        settle(PAUSE);
      },
      (error: unknown) => {
        if (this.#sending !== sending) return;
        const refused = refusalOf(error);
        if (!refused || isAgain(error)) return settle((refused?.data as { retryAfter?: number } | undefined)?.retryAfter ?? RETRY);
        // The same would be refused again.
        this.#sent = text;
        settle(PAUSE);
        unheard(refused);
      },
    );
  }
}

/** A name for an id that does not give it away, as the server makes it. */
const tagOf = (id: string): string => textId(sha256(`twinstate:${id}`).slice(0, 18));
