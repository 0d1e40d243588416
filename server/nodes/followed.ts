import type { Effect, Message } from "../../lib/wire/protocol.js";
import type { ArgumentLimits } from "../definition/arguments.js";
import type { HostViewers } from "../host/audiences.js";
import type { Caller, ConnectionInfo } from "../host/context.js";
import { lifeOf } from "../host/feed-number.js";
import type { Host } from "../host/host.js";
import type { Presented } from "../host/people.js";
import type { Audience, Feed, Visit, Visitor, Watcher } from "../stream/feed.js";
import { createQueue } from "../task/queue.js";
import { errorShapeOf, type Refusal, type Report } from "../wire/error-shape.js";
import type { Frame } from "../wire/frame.js";
import { type WatchInput, watchesOf } from "../wire/request-input.js";
import type { Tick } from "../wire/tick.js";
import { CountedLine, type NodeLine } from "./node-line.js";
import type { AudienceName, FromOwner, LogStart, SentPage, SentState, SentVolatile, ToOwner, WatchAnswer } from "./node-messages.js";
import { frameText, tickText } from "./sent-frames.js";

export interface FollowedOptions {
  readonly host: Host;
  readonly line: NodeLine;
  readonly limits: ArgumentLimits;
  readonly report: Report;
  /** Makes the caller of a page of the other node, from what that node says of its request. */
  callerOf(from: unknown, info: ConnectionInfo): Promise<Caller>;
  /** The line is over, and the host is used no more by it. The line may be over from the start. */
  ended(followed: Followed): void;
}

/** An audience that is sent to the other node, and how many of its pages are of it. */
interface Served {
  readonly viewers: HostViewers | undefined;
  pages: number;
}

/**
 * A host as another node follows it, for all pages of that node: it is one watcher of the host, which is told of each frame once for each audience that the
 * other node has. The host's hooks, lists of who is here and checks know the pages one by one.
 */
export class Followed implements Watcher {
  readonly #options: FollowedOptions;
  readonly #line: CountedLine;
  readonly #pages = new Map<number, FollowedPage>();
  readonly #served = new Map<AudienceName, Served>();
  #over = false;

  constructor(options: FollowedOptions) {
    this.#options = options;
    this.#line = new CountedLine(
      options.line,
      (message) => this.#take(message as ToOwner),
      () => this.#end(),
    );
  }

  /** The line is over. */
  get over(): boolean {
    return this.#over;
  }

  #send(message: FromOwner): void {
    this.#line.send(message);
  }

  #take(message: ToOwner): void {
    const { host } = this.#options;
    switch (message[0]) {
      case "follow":
        return this.#send(["here", lifeOf(host.number), host.incarnation, host.roomKey]);
      case "watch": {
        const [, ask, id, sent, wants, address, logs] = message;
        const page = this.#pages.get(id) ?? new FollowedPage(id, sent, this);
        this.#pages.set(id, page);
        page.wishes++;
        void page.tasks
          .run(() => this.#watch(page, ask, sent, watchesOf(wants), address ?? undefined, logs))
          .catch((error: unknown) => this.#fail(error))
          .finally(() => {
            page.wishes--;
            this.#settle(page);
          });
        return;
      }
      case "unwatch": {
        const page = this.#pages.get(message[1]);
        void page?.tasks.run(() => page.unwatch(host, message[2]));
        return;
      }
      case "show":
      case "volatile":
        return this.#show(...message);
      case "present":
        return void this.#present(message[1], message[2], message[3]);
      case "ping":
        return this.#send(["pong"]);
      default:
        return message satisfies never;
    }
  }

  /** Something is wrong that nobody has foreseen: the other node begins anew. */
  #fail(error: unknown): void {
    this.#options.report("error", error);
    this.#line.end();
  }

  // --- pages ---

  async #watch(
    page: FollowedPage,
    ask: number,
    sent: SentPage,
    wants: readonly WatchInput[],
    address: string | undefined,
    logs: readonly LogStart[],
  ): Promise<void> {
    const { host, callerOf } = this.#options;
    const refused: [store: string, error: Refusal, effects: readonly Effect[]][] = [];
    const refuse = ({ store }: WatchInput, error: unknown, effects: readonly Effect[]) => void refused.push([store, this.#shapeOf(error), effects]);
    let permitted: readonly WatchInput[] = [];
    try {
      page.caller ??= await callerOf(sent.from, page.info);
      permitted = await host.permit(page as Visitor, wants, refuse, address);
    } catch (error) {
      for (const want of wants) refuse(want, error, []);
    }
    const { loaded, failed } = await host.watchers.load(permitted);
    for (const [want, error] of failed) refuse(want, error, []);
    if (this.#over) return;
    if (host.watchers.over) return this.restart();
    const viewers = page.caller && host.audiences.of(page.caller);
    const { resumed, anew } = host.watchers.begin(loaded, viewers, page.stores.size > 0);
    if (loaded.length > 0) this.#serve(page, viewers);
    for (const { store } of loaded) page.stores.add(store);
    this.#tellEnded(page);
    const name = viewers?.name ?? null;
    const start = logs.find(([audience]) => audience === name)?.[1];
    const missing = start === undefined ? resumed.frames : resumed.frames.filter(({ revision }) => revision <= start);
    const watched: Omit<WatchAnswer, "frames"> = {
      audience: name,
      told: host.revision,
      resumed: resumed.names,
      from: resumed.names.length > 0 ? resumed.revision : host.revision,
      volatile: resumed.volatile,
      anew,
      refused,
    };
    const frames = missing.map((frame) => frameText(frame.for(viewers)));
    this.#line.write(`["watched",${ask},${JSON.stringify(watched).slice(0, -1)},"frames":[${frames.join()}]}]`);
    for (const { store } of loaded) host.watchers.arrive(page as Visitor, store);
  }

  /** Forgets a page that watches nothing. */
  #settle({ number, stores, wishes }: FollowedPage): void {
    if (stores.size + wishes === 0) this.#pages.delete(number);
  }

  /** Tells how far the events of a page have ended, once all is told that they have changed. */
  #tellEnded({ client, number }: FollowedPage): void {
    const { host } = this.#options;
    const ended = client === undefined ? 0 : host.eventNumbers.ended(client);
    if (ended > 0) host.commits.after(() => this.#send(["ended", number, ended]));
  }

  /** Has frames for a page's audience go to the other node. */
  #serve(page: FollowedPage, viewers: HostViewers | undefined): void {
    if (page.stores.size > 0) return;
    const name = viewers?.name ?? null;
    const served = this.#served.get(name) ?? { viewers, pages: 0 };
    this.#served.set(name, served);
    served.pages++;
    page.audience = name;
    const { ticks, watchers } = this.#options.host;
    if (!watchers.has(this)) ticks.skip();
    watchers.enter(this);
  }

  /** A page leaves a store. */
  leave(page: FollowedPage, store: string): void {
    if (!page.stores.delete(store)) return;
    const { watchers } = this.#options.host;
    watchers.depart(page as Visitor, store);
    if (page.stores.size > 0) return;
    this.#settle(page);
    const served = this.#served.get(page.audience);
    if (served && --served.pages === 0) this.#served.delete(page.audience);
    if (this.#served.size === 0) watchers.leave(this);
  }

  /**
   * Brings a client of the other node an item of its call, or the answer: behind all frames that the host has told before. `false`: no page of the client
   * watches the host there. What is lost with the line is asked for by the client.
   */
  bring(client: string, message: Message): boolean {
    for (const page of this.#pages.values()) {
      if (page.client !== client || page.stores.size === 0) continue;
      this.#send(["bring", page.number, message]);
      return true;
    }
    return false;
  }

  /** A page may not see a store any more. */
  refuse({ number }: FollowedPage, store: string, error: unknown): void {
    this.#send(["refused", number, store, this.#shapeOf(error)]);
  }

  #shapeOf(error: unknown): Refusal {
    return errorShapeOf(error, this.#options.report);
  }

  async #present(ask: number, id: number, presented: Presented): Promise<void> {
    const { host, limits } = this.#options;
    const page = this.#pages.get(id);
    let refusal: Refusal | null = null;
    try {
      // Behind what the page has begun to watch before.
      await page?.tasks.run(() => host.present(page as Visitor & FollowedPage, presented, limits));
    } catch (error) {
      refusal = this.#shapeOf(error);
    }
    this.#send(["presented", ask, refusal]);
  }

  // --- states ---

  #show(kind: "show" | "volatile", ask: number, name: AudienceName, stores: readonly string[]): void {
    const { host } = this.#options;
    const served = this.#served.get(name);
    // Its last page has gone meanwhile.
    if (!served) return this.#send(["shown", ask, null]);
    const loaded = stores.filter((store) => host.shelf.live.has(store));
    if (kind === "volatile") {
      host.showVolatile(loaded, served.viewers, undefined, ({ revision, tick }, shown) =>
        this.#send(["shown", ask, [revision, tick, shown as SentVolatile[]]]),
      );
      return;
    }
    host.show(loaded, served.viewers, undefined, ({ revision, tick }, shown) => {
      const states = shown.map((one): SentState => {
        if ("error" in one) return [one.store, this.#shapeOf(one.error)];
        return [one.store, one.since, one.snapshot, one.volatile ?? null];
      });
      this.#send(["shown", ask, [revision, tick, states]]);
    });
  }

  // --- what the host tells ---

  frame(_: Feed, told: Frame): void {
    const forms = Array.from(this.#served, ([name, { viewers }]) => `[${JSON.stringify(name)},${frameText(told.for(viewers))}]`);
    this.#line.write(`["frame",${told.revision},[${forms.join()}]]`);
  }

  tick(_: Feed, told: Tick): void {
    const forms = Array.from(this.#served, ([name, { viewers }]) => `[${JSON.stringify(name)},${tickText(told.for(viewers))}]`);
    this.#line.write(`["tick",[${forms.join()}]]`);
  }

  /** The other node begins anew, as if this were another life. */
  restart(): void {
    this.#send(["over"]);
    this.#line.end();
  }

  lead(): void {
    this.restart();
  }

  watchesAs(_: Feed, audience: Audience): boolean {
    return this.#served.has(audience.name);
  }

  *visits(): Iterable<Visit> {
    for (const page of this.#pages.values()) if (page.stores.size > 0) yield [page as Visitor, page.stores];
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    for (const page of [...this.#pages.values()]) for (const store of [...page.stores]) this.leave(page, store);
    this.#options.host.watchers.leave(this);
    this.#options.ended(this);
  }
}

/** A page of the other node. */
class FollowedPage {
  readonly number: number;
  readonly client: string | undefined;
  readonly info: ConnectionInfo;
  /** Its caller, once it has been made: before that it watches nothing. */
  caller: Caller | undefined;
  readonly stores = new Set<string>();
  audience: AudienceName = null;
  /** How many of its wishes to watch are not answered. */
  wishes = 0;
  readonly closed = false;
  /** What it begins to watch, and leaves: one task at a time. */
  readonly tasks = createQueue();
  readonly #followed: Followed;

  constructor(number: number, { client, id, since }: SentPage, followed: Followed) {
    this.number = number;
    this.client = client;
    this.info = { id, since: new Date(since) };
    this.#followed = followed;
  }

  unwatch(_: Feed, store: string): void {
    this.#followed.leave(this, store);
  }

  refuse(store: string, _: string | null, error: unknown): void {
    this.#followed.refuse(this, store, error);
  }
}
