import { unavailable } from "../../lib/errors/errors.js";
import { nextFeedNumber } from "../host/feed-number.js";
import type { Presented } from "../host/people.js";
import type { Tab } from "../host/tab-hooks.js";
import type { Audience, Feed, Moment, Page, Refuse, Shown, ShownVolatile } from "../stream/feed.js";
import { errorOf, type Refusal } from "../wire/error-shape.js";
import type { Frame } from "../wire/frame.js";
import type { WatchInput } from "../wire/request-input.js";
import { FrameLogs } from "./frame-logs.js";
import type { NodeLine } from "./node-line.js";
import type { AudienceName, FromOwner, SentPage, SentState, SentVolatile, Shot, WatchAnswer } from "./node-messages.js";
import { OwnerLine } from "./owner-line.js";
import { type Here, PagesHere } from "./pages-here.js";
import { frameFrom, type SentFrame, type SentTick, tickFrom } from "./sent-frames.js";
import { shownFrom, statesOf } from "./sent-states.js";
import { SharedStates, type States } from "./shared-states.js";

export interface FollowerOptions {
  /** Makes a line to the owner of the host; `undefined`: the host is here now, or nobody has it. */
  dial(): NodeLine | undefined;
  /** Says of a page what the owner needs to make its caller: plain data. */
  describe(page: Tab): unknown;
  /** How many bytes of frames are kept for pages that resume, for each audience. */
  readonly logBytes: number;
  /**
   * How long the owner may be silent when it is asked something, in ms.
   * @default 5000
   */
  readonly patience?: number;
  /** The follower has ended. Its pages were led away: whoever follows the host makes another one. */
  ended?(follower: Follower): void;
}

/**
 * A host on another node, as the pages of this node watch it. There is one watch at the owner for all of them: each frame comes once for each audience, and is
 * kept for pages that resume. Whom an audience is, and who may see what, the owner decides.
 */
export class Follower implements Feed {
  readonly number = nextFeedNumber();
  #life = "";
  #incarnation = "";
  #roomKey: string | null = null;
  #revision = 0;
  readonly #options: FollowerOptions;
  readonly #line: OwnerLine;
  readonly #pages = new PagesHere();
  readonly #audiences = new Map<string, Audience>();
  readonly #logs: FrameLogs;
  readonly #states: SharedStates<Shown>;
  readonly #volatile: SharedStates<ShownVolatile | undefined>;
  readonly #opened: (error?: Error) => void;
  #over = false;

  private constructor(options: FollowerOptions, opened: (error?: Error) => void) {
    this.#options = options;
    this.#opened = opened;
    this.#logs = new FrameLogs(options.logBytes);
    this.#line = new OwnerLine({
      dial: options.dial,
      patience: options.patience ?? 5000,
      take: (message) => this.#take(message),
      cut: () => this.#cut(),
      lost: () => this.#end(),
    });
    this.#states = new SharedStates((audience, stores, answered) =>
      this.#ask("show", audience, stores, (shot: Shot<SentState> | null) => answered(shot ? statesOf(shot, stores, shownFrom) : undefined)),
    );
    this.#volatile = new SharedStates((audience, stores, answered) =>
      this.#ask("volatile", audience, stores, (shot: Shot<SentVolatile> | null) => answered(shot ? statesOf(shot, stores, (one) => one) : undefined)),
    );
  }

  /**
   * Follows a host.
   * @throws EventError `UNAVAILABLE` where there is no owner elsewhere
   */
  static open(options: FollowerOptions): Promise<Follower> {
    return new Promise((resolve, reject) => {
      const follower = new Follower(options, (error) => (error ? reject(error) : resolve(follower)));
      follower.#line.dial();
    });
  }

  get incarnation(): string {
    return this.#incarnation;
  }

  get roomKey(): string | null {
    return this.#roomKey;
  }

  get revision(): number {
    return this.#revision;
  }

  /** How many pages watch. */
  get size(): number {
    return this.#pages.size;
  }

  /** Ends it: the host is followed no more. */
  close(): void {
    this.#end();
  }

  // --- the line ---

  #take(message: FromOwner): void {
    switch (message[0]) {
      case "here":
        return this.#begin(message[1], message[2], message[3]);
      case "ended": {
        const here = this.#pages.numbered(message[1]);
        if (here) here.ended = Math.max(here.ended, message[2]);
        return;
      }
      case "frame":
        return this.#publish(message[1], message[2]);
      case "tick":
        return this.#tick(message[1]);
      case "bring":
        return this.#pages.numbered(message[1])?.page.bring(message[2]);
      case "refused":
        return this.#refuse(message[1], message[2], message[3]);
      case "over":
        return this.#end();
      default:
        return;
    }
  }

  /** The owner has answered by a new line. */
  #begin(life: string, incarnation: string, roomKey: string | null): void {
    if (this.#life !== "" && this.#life !== life) return this.#end();
    const first = this.#life === "";
    this.#life = life;
    this.#incarnation = incarnation;
    this.#roomKey = roomKey;
    if (first) this.#opened();
    for (const here of this.#pages) {
      if (here.behind === undefined) continue;
      this.#line.ask({
        once: true,
        message: (ask) => ["watch", ask, here.number, this.#sent(here.page), this.#wantsOf(here), null, this.#logs.starts],
        answered: (watched) => this.#goOn(here, watched as WatchAnswer),
        dropped: () => {},
      });
    }
  }

  /** What a page asks for that goes on. */
  #wantsOf({ audience, behind, stores }: Here): WatchInput[] {
    const have = [this.#incarnation, behind ?? 0, audience?.name] as const;
    return Array.from(stores, (store) => ({ store, key: this.#roomKey ?? undefined, have }));
  }

  /** The line is over: pages keep what they have, and go on from there by the next one. */
  #cut(): void {
    this.#changed();
    this.#logs.clear();
    for (const here of this.#pages) if (here.stores.size > 0) here.behind ??= this.#revision;
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#opened(unavailable());
    this.#changed();
    for (const { page, stores } of [...this.#pages]) {
      this.#pages.leave(page);
      if (stores.size > 0) page.lead(this, [...stores]);
    }
    this.#line.end();
    this.#options.ended?.(this);
  }

  // --- pages ---

  async watch(page: Page, wants: readonly WatchInput[], refuse: Refuse, address?: string): Promise<void> {
    const names = wants.map(({ store }) => store);
    const lead = () => page.lead(this, names);
    if (this.#over) return lead();
    const here = this.#pages.enter(page, refuse);
    here.asking++;
    await new Promise<void>((resolve) =>
      this.#line.ask({
        message: (ask) => ["watch", ask, here.number, this.#sent(page), wants, address ?? null, this.#logs.starts],
        answered: (watched) => {
          here.asking--;
          this.#started(here, wants, refuse, watched as WatchAnswer);
          resolve();
        },
        dropped: () => {
          lead();
          resolve();
        },
      }),
    );
  }

  #sent(page: Page): SentPage {
    const { client, info } = page;
    return { client, id: info.id, since: info.since.getTime(), from: this.#options.describe(page) };
  }

  #audience(name: AudienceName): Audience | undefined {
    if (name === null) return undefined;
    let audience = this.#audiences.get(name);
    if (!audience) this.#audiences.set(name, (audience = { name }));
    return audience;
  }

  /** The owner has said how stores begin for a page. */
  #started(here: Here, wants: readonly WatchInput[], refuse: Refuse, watched: WatchAnswer): void {
    const { page, stores } = here;
    const { from: revision, refused, resumed, volatile } = watched;
    const audience = this.#note(watched);
    if (page.closed) {
      for (const store of [...resumed, ...watched.anew]) this.#line.send(["unwatch", here.number, store]);
      return this.#settle(here);
    }
    here.audience = audience;
    for (const store of [...resumed, ...watched.anew]) stores.add(store);
    const frames = this.#logs.after(audience, revision);
    if (frames && resumed.length > 0) page.resume(this, { names: resumed, volatile, revision, frames }, stores, audience);
    const anew = frames ? watched.anew : [...resumed, ...watched.anew];
    if (anew.length > 0) page.renew(this, anew, stores, audience);
    for (const [store, error, effects] of refused) refuse(wants.find((want) => want.store === store) ?? { store }, errorOf(error), effects);
    this.#settle(here);
    this.#line.flush();
  }

  /** The owner has said how a page goes on whose line was cut. */
  #goOn(here: Here, watched: WatchAnswer): void {
    const { behind, page, stores } = here;
    const audience = this.#note(watched);
    here.behind = undefined;
    for (const [store, error, effects] of watched.refused) {
      if (!stores.has(store)) continue;
      page.unwatch(this, store);
      here.refuse({ store, key: this.#roomKey ?? undefined }, errorOf(error), effects);
    }
    here.audience = audience;
    const left = (names: readonly string[]) => names.filter((store) => stores.has(store));
    const frames = watched.resumed.length > 0 && behind === watched.from ? this.#logs.after(audience, behind) : undefined;
    for (const frame of frames ?? []) page.frame(this, frame);
    if (frames && watched.volatile) page.stir(this);
    const anew = left(frames ? watched.anew : [...watched.resumed, ...watched.anew]);
    if (anew.length > 0) page.renew(this, anew, stores, audience);
    this.#settle(here);
    this.#line.flush();
  }

  /** Notes the frames that come with an answer, for the audience that it names. */
  #note({ audience: name, frames: sent, from, told }: WatchAnswer): Audience | undefined {
    const audience = this.#audience(name);
    if (this.#pages.live.length === 0 && this.#revision !== told) {
      // Nobody was told of frames, and some may not have come.
      this.#logs.clear();
      this.#changed();
      this.#revision = told;
    }
    const frames = sent.map((frame) => frameFrom(this.number, frame));
    for (const { by, tick } of frames) this.#pages.note(by, ...(tick?.by ?? []));
    this.#logs.begin(audience, from, frames, told);
    return audience;
  }

  unwatch(page: Page, store: string): void {
    const here = this.#pages.of(page);
    if (!here?.stores.delete(store)) return;
    this.#line.send(["unwatch", here.number, store]);
    this.#settle(here);
  }

  has(page: Page): boolean {
    return (this.#pages.of(page)?.stores.size ?? 0) > 0;
  }

  /** Forgets a page that watches nothing, and the frames of an audience that nobody is of, or may soon be of. */
  #settle({ asking, audience, page, stores }: Here): void {
    if (stores.size > 0) return;
    if (asking === 0) this.#pages.leave(page);
    for (const other of this.#pages) if (other.asking > 0 || (other.audience === audience && other.stores.size > 0)) return;
    this.#logs.drop(audience);
  }

  #refuse(number: number, store: string, error: Refusal): void {
    const here = this.#pages.numbered(number);
    if (!here?.stores.has(store)) return;
    here.page.unwatch(this, store);
    here.page.refuse(store, this.#roomKey, errorOf(error));
  }

  async present(page: Tab & { readonly closed: boolean }, presented: Presented): Promise<void> {
    const here = this.#pages.of(page);
    if (!here) return;
    await new Promise<void>((resolve, reject) =>
      this.#line.ask({
        message: (ask) => ["present", ask, here.number, presented],
        answered: (error) => (error ? reject(errorOf(error as Refusal)) : resolve()),
        dropped: resolve,
      }),
    );
  }

  // --- frames and ticks ---

  #publish(revision: number, forms: readonly (readonly [AudienceName, SentFrame])[]): void {
    this.#changed();
    const frames = new Map<Audience | undefined, Frame>();
    for (const [name, sent] of forms) frames.set(this.#audience(name), frameFrom(this.number, sent));
    const [some] = frames.values();
    this.#pages.note(some?.by, ...(some?.tick?.by ?? []));
    const { live } = this.#pages;
    // None is missing, or the line would be over: this is the last look.
    if (live.length > 0 && revision !== this.#revision + 1) return this.#line.renew();
    this.#revision = revision;
    this.#logs.add(frames);
    for (const { audience, page } of live) {
      const frame = frames.get(audience);
      if (frame) page.frame(this, frame);
    }
  }

  #tick(forms: readonly (readonly [AudienceName, SentTick])[]): void {
    this.#changed();
    const ticks = new Map(forms.map(([name, sent]) => [this.#audience(name), tickFrom(this.number, sent)]));
    const [some] = ticks.values();
    this.#pages.note(...(some?.by ?? []));
    for (const { audience, page } of this.#pages.live) {
      const tick = ticks.get(audience);
      if (tick) page.tick(this, tick);
    }
  }

  #changed(): void {
    this.#states.changed();
    this.#volatile.changed();
  }

  // --- states ---

  #ask<T>(kind: "show" | "volatile", audience: Audience | undefined, stores: readonly string[], answered: (shot: Shot<T> | null) => void): void {
    this.#line.ask({
      message: (ask) => (this.#pages.isLive(audience) ? [kind, ask, audience?.name ?? null, stores] : undefined),
      answered: (shot) => answered(shot as Shot<T> | null),
      // Who waits has been led away.
      dropped: () => {},
    });
  }

  show(stores: readonly string[], audience: Audience | undefined, client: string | undefined, tell: (moment: Moment, shown: readonly Shown[]) => void): void {
    this.#states.want(audience, stores, (states) => {
      const shown = stores.map((store) => states.shown.get(store) as Shown);
      tell(this.#momentOf(states, client), shown);
    });
  }

  showVolatile(
    stores: Iterable<string>,
    audience: Audience | undefined,
    client: string | undefined,
    tell: (moment: Moment, shown: readonly ShownVolatile[]) => void,
  ): void {
    const names = [...stores];
    this.#volatile.want(audience, names, (states) => {
      const shown = names.map((store) => states.shown.get(store)).filter((one) => one !== undefined);
      tell(this.#momentOf(states, client), shown);
    });
  }

  /** What a client is told of the moment of a state: this is where that stands between frames. */
  #momentOf({ revision, tick }: States<unknown>, client: string | undefined): Moment {
    return { revision, tick, ended: this.#pages.endedOf(client) };
  }
}
