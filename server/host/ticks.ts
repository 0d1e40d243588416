import type { WireDelta } from "../../lib/wire/codec.js";
import type { CommittedEvent } from "../wire/ran.js";
import { Tick } from "../wire/tick.js";
import type { HostViewers } from "./audiences.js";
import type { Host } from "./host.js";
import type { ShelfEntry } from "./shelf.js";

/** How long after a tick the next one may come, in ms. */
const PACE = 16;

type Deltas = [store: string, delta: WireDelta][];

/** The event that a tick tells its caller of. `viewers`: the audience of the caller, whose numbers the made instances have. */
type TickEvent = CommittedEvent & { readonly viewers: HostViewers | undefined };

/** Makes ticks: has clients get what has changed of a host's volatile state. */
export class Ticks {
  readonly #host: Host;
  #number = 0;
  /** An answer names the next tick. */
  #named = false;
  /** The events that the next tick tells their callers of. */
  #by: TickEvent[] | undefined;
  /** A tick is to be made. */
  #wanted = false;
  /** Runs until the next tick may come. */
  #pause: NodeJS.Timeout | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  /** The number of the last tick. */
  get number(): number {
    return this.#number;
  }

  /** A tick is to be made. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Some store has volatile changes that are not sent yet, by a commit or `Store.feed`. The first after a pause leave with the next turn of the event loop. */
  due(): void {
    if (this.#wanted || !this.#waits) return;
    if (this.#host.watchers.size === 0) return void this.#drop();
    this.#wanted = true;
    if (!this.#pause) setImmediate(() => this.#send());
  }

  get #waits(): boolean {
    if (this.#named) return true;
    for (const { store } of this.#host.shelf.live.values()) if (store.due) return true;
    return false;
  }

  /** Nobody watches: whoever comes gets the whole state. */
  #drop(): undefined {
    for (const { store } of this.#host.shelf.live.values()) store.dropVolatile();
  }

  /** Somebody comes back who has missed what nobody was told while nobody watched: the state that it gets has a number above all that it knows. */
  skip(): void {
    this.#number++;
  }

  /** Gives the number of the next tick to an answer. `undefined`: nobody watches, so nobody waits for it. `by`: the event, if its caller wants to know. */
  name(by: TickEvent | undefined): number | undefined {
    if (this.#host.watchers.size === 0) return undefined;
    this.#named = true;
    if (by) {
      this.#by ??= [];
      this.#by.push(by);
    }
    return this.#number + 1;
  }

  #send(): void {
    this.#wanted = false;
    if (!this.#waits) return;
    this.flush();
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (this.#wanted) this.#send();
    }, PACE);
    this.#pause.unref();
  }

  /** Sends what waits, behind all commits that are on their way into the storage. */
  flush(): void {
    const { commits, shelf, watchers } = this.#host;
    const tick = this.make();
    if (tick) commits.after(() => watchers.tick(tick));
    if (shelf.takeRenumbered(commits.revision + 1)) commits.step([], (revision) => watchers.renew(revision));
  }

  /** Makes a tick of what waits. `undefined` where there is nothing to tell. */
  make(): Tick | undefined {
    if (!this.#waits) return undefined;
    const { audiences, shelf, number: host, watchers } = this.#host;
    if (watchers.size === 0) return this.#drop();
    const ticked = [...shelf.live].filter(([, { store }]) => store.due);
    for (const [, { store }] of ticked) store.tick();
    const named = this.#named;
    const by = this.#by;
    const deltas = deltasFor(ticked, undefined);
    const forms = Array.from(audiences.live, (viewers) => [viewers, deltasFor(ticked, viewers)] as const);
    if (!named && deltas.length === 0 && forms.every(([, some]) => some.length === 0)) return undefined;
    const number = ++this.#number;
    this.#named = false;
    this.#by = undefined;
    const form = (some: Deltas, viewers: HostViewers | undefined, others?: ReadonlyMap<HostViewers, Tick>) =>
      new Tick({ host, number, deltas: some, by: (by ?? []).map((event) => shownTo(event, viewers)), named, others });
    const others = forms.length > 0 ? new Map(forms.map(([viewers, some]) => [viewers, form(some, viewers)])) : undefined;
    return form(deltas, undefined, others);
  }

  /** The host ends. */
  stop(): void {
    clearTimeout(this.#pause);
    this.#wanted = true;
  }
}

function deltasFor(entries: readonly [string, ShelfEntry][], viewers: HostViewers | undefined): Deltas {
  return entries.flatMap(([name, { store }]): Deltas => {
    const delta = store.tickDelta(viewers);
    return delta ? [[name, delta]] : [];
  });
}

/** An event as an audience is told of it: the numbers of what it has made count for its caller's alone. */
const shownTo = ({ client, n, made, viewers }: TickEvent, audience: HostViewers | undefined): CommittedEvent =>
  viewers === audience ? { client, n, made } : { client, n };
