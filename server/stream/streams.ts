import { randomBytes } from "node:crypto";
import type { Granted } from "../../client/connection.js";
import type { WireSchema } from "../../lib/class/schema.js";
import { closing, newerConnection, noLine, otherProtocol, tooManyWatches } from "../../lib/errors/errors.js";
import { codeOf, noStream } from "../../lib/errors/node-errors.js";
import { type Effect, HEARTBEAT, PROTOCOL } from "../../lib/wire/protocol.js";
import { definitionOf, userOf, userTagOf, visitorOf } from "../access/access.js";
import { type Callers, RETRY, type TwinRequest } from "../access/callers.js";
import type { Clients } from "../access/clients.js";
import { locateGuarded } from "../access/permission.js";
import { type Sessions, sessionTagOf } from "../access/session.js";
import type { Bounds, SessionLimits } from "../access/session-limits.js";
import type { Whose } from "../call/data.js";
import type { Definition } from "../definition/scope.js";
import type { Nodes } from "../nodes/nodes.js";
import type { WishKind } from "../nodes/wishes.js";
import type { Telemetry } from "../telemetry.js";
import type { Report } from "../wire/error-shape.js";
import { clientId, letterId, presentedOf, record, type WatchInput, watchesOf, whole } from "../wire/request-input.js";
import { type ConnectionOptions, StreamConnection } from "./connection.js";
import type { Feeds, Refuse } from "./feed.js";
import { type Letter, Letters } from "./letters.js";
import { Line } from "./line.js";
import { type Ticket, Tickets } from "./tickets.js";

interface Server {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly schema: WireSchema;
  readonly build: string | undefined;
  readonly limits: Bounds;
  readonly report: Report;
  readonly callers: Callers;
  readonly clients: Clients;
  readonly feeds: Feeds;
  readonly sessions: Sessions;
  readonly sessionLimits: SessionLimits;
  readonly telemetry: Telemetry | undefined;
  readonly nodes: Nodes | undefined;
  readonly closing: boolean;
  observe(): Promise<Telemetry>;
}

/** The open streams. */
export class Streams {
  readonly #server: Server;
  readonly #tickets: Tickets;
  readonly #connections = new Set<StreamConnection>();
  readonly #tabs = new Map<string, StreamConnection>();
  /** The server closes, and waits for the last stream to end. */
  #emptied: (() => void) | undefined;
  /** The lines that are open, by the connection that has opened each. */
  readonly #lines = new Map<StreamConnection, Line>();
  readonly #letters = new Letters();

  constructor(server: Server) {
    this.#server = server;
    this.#tickets = new Tickets({ derive: (...what) => server.sessions.derive(...what) });
  }

  /** How many are open. */
  get size(): number {
    return this.#connections.size;
  }

  /** Sends an effect to a tab. Where its stream is at another node, that node gets it. */
  post(connection: string, effect: Effect): void {
    const letter = this.#letters.post(connection, effect);
    if (!this.has(connection)) void this.#server.nodes?.letters.send(connection, [letter]);
  }

  /** Takes letters that another node has for a tab. Returns whether the tab has a stream here. */
  take(connection: string, effects: readonly (readonly [effect: Effect, client: string | undefined])[]): boolean {
    if (!this.has(connection)) return false;
    for (const [effect, client] of effects) this.#letters.post(connection, effect, client);
    return true;
  }

  /** The letters of a tab that were not confirmed. */
  lettersOf(connection: string): readonly Letter[] {
    return this.#letters.of(connection);
  }

  /** Forgets letters that another node has. */
  forget(connection: string, letters: readonly Letter[]): void {
    this.#letters.remove(connection, letters);
  }

  /** Whether a tab has a stream. */
  has(connection: string | undefined): boolean {
    return connection !== undefined && this.#letters.reads(connection);
  }

  /** A tab has got all letters up to one. */
  confirm(connection: string, got: string | undefined): void {
    this.#letters.confirm(connection, got);
  }

  /** The stream of a client. */
  of(client: string): StreamConnection | undefined {
    return this.#tabs.get(client);
  }

  /**
   * The first step to a stream: a ticket, which stands for ids that no log should keep. `rest`: how many of the watches, from the end, the client asks for by
   * `$watch`, as the ticket has no room for them.
   */
  connect(request: TwinRequest, input: unknown): Granted {
    const { callers, clients, nodes, sessionLimits } = this.#server;
    const { protocol, client, epoch, watch, got } = record(input, "`{ protocol, client, epoch, watch }`");
    const error = protocol === PROTOCOL ? undefined : otherProtocol(protocol, PROTOCOL);
    clients.outdate(client, error);
    if (error) throw error;
    callers.admit(request);
    const session = request.session?.id ?? "";
    const id = clientId(client);
    const tab = clients.bind(id, request).id;
    this.confirm(tab, letterId(got));
    if (got !== undefined) void nodes?.letters.confirm(tab, letterId(got));
    sessionLimits.mayOpen(session, id);
    const { ticket, rest } = this.#tickets.seal(session, { client: id, epoch: whole(epoch, "epoch"), watch: watchesOf(watch) });
    return { ticket, session: sessionTagOf(session), ...(rest > 0 && { rest }) };
  }

  /** The same for a client that may ask whose the session is now. */
  async connectAs(request: TwinRequest, input: unknown): Promise<Granted> {
    const granted = this.connect(request, input);
    const { whose } = input as { whose?: unknown };
    return whose === undefined ? granted : { ...granted, ...userTagOf(request.session?.id ?? "", await request.context()) };
  }

  /** Opens a stream, by a ticket or, for simple clients, by what it is to watch. */
  async live(request: TwinRequest, input: unknown): Promise<StreamConnection> {
    const { ticket, watch } = record(input, "`{ ticket }` or `{ watch }`");
    this.#server.callers.admit(request);
    if (ticket === undefined) return this.#begin(request, undefined, 0, watchesOf(watch));
    const { client, epoch, watch: watched } = this.#redeem(request, ticket);
    return this.#begin(request, client, epoch, watched);
  }

  #redeem({ session }: TwinRequest, ticket: unknown): Ticket {
    return this.#tickets.use(session?.id ?? "", ticket);
  }

  /** The response that a connection is going to be carried by, which others may join. */
  lineOf(opener: StreamConnection): Line {
    const line = new Line(opener, (connection) => this.leave(connection));
    this.#lines.set(opener, line);
    return line;
  }

  /** Joins a tab's connection to another tab's line. The line, the ticket and the request are of one session. */
  async join(request: TwinRequest, input: unknown): Promise<boolean> {
    const { line, ticket, tab } = record(input, "`{ line, ticket, tab }`");
    this.#server.callers.admit(request);
    if (!this.#opens(line) && (await this.#elsewhere("join", request, input))) return true;
    this.#lineAt(request, line);
    const { client, epoch, watch } = this.#redeem(request, ticket);
    const connection = await this.#begin(request, client, epoch, watch);
    try {
      // The line may have ended since, and another tab may have taken the number.
      this.#lineAt(request, line).join(whole(tab, "tab"), connection);
      return true;
    } catch (error) {
      this.leave(connection);
      throw error;
    }
  }

  /** A tab that has joined a line of this session has gone. */
  async drop(request: TwinRequest, input: unknown): Promise<boolean> {
    const { line, tab } = record(input, "`{ line, tab }`");
    this.#server.callers.admit(request);
    if (!this.#opens(line) && (await this.#elsewhere("drop", request, input))) return true;
    this.#lineAt(request, line).drop(whole(tab, "tab"));
    return true;
  }

  /** Whether the tab that a line is named by has a stream here. */
  #opens(named: unknown): boolean {
    return this.#tabs.has(String(Array.isArray(named) && named[0]));
  }

  #lineAt(request: TwinRequest, named: unknown): Line {
    const [client, epoch] = Array.isArray(named) ? (named as unknown[]) : [];
    const opener = this.#tabs.get(clientId(client));
    const line = opener && this.#lines.get(opener);
    if (!line || line.closed || opener.epoch !== epoch || opener.caller.session?.id !== request.session?.id) throw noLine();
    return line;
  }

  async #begin(request: TwinRequest, client: string | undefined, epoch: number, watch: readonly WatchInput[]): Promise<StreamConnection> {
    const { callers, clients, limits, report, sessionLimits } = this.#server;
    const info = client === undefined ? { id: randomBytes(16).toString("base64url"), since: new Date() } : clients.bind(client, request);
    // A simple client has no id of its own, so no stores of its tab either.
    const caller = await callers.of(request, client === undefined ? undefined : info);
    if (!this.#server.telemetry) await this.#server.observe();
    await this.#server.nodes?.join();
    // Its request may have come before the server began to close, which has ended all streams since.
    if (this.#server.closing) throw closing(RETRY);
    const before = client === undefined ? undefined : this.#tabs.get(client);
    if (before && before.epoch >= epoch) throw newerConnection();
    const session = request.session?.id ?? "";
    sessionLimits.mayOpen(session, client);
    const connection = new StreamConnection({ info, caller, client, epoch, limit: limits.streamBytes, report, slow: this.#slow, lead: this.#lead });
    this.#connections.add(connection);
    sessionLimits.open(session, connection);
    if (before) this.leave(before);
    if (client !== undefined) this.#tabs.set(client, connection);
    this.#greet(connection);
    this.#letters.open(info.id, connection);
    void this.#server.nodes?.letters.arrived(info.id, client, epoch);
    void this.#watch(connection, this.#known(connection, watch), request.address).finally(() => this.#letters.begin(info.id, connection));
    return connection;
  }

  #greet(connection: StreamConnection): void {
    const { build, schema } = this.#server;
    const { context, session } = connection.caller;
    connection.hello({
      protocol: PROTOCOL,
      build: build ?? null,
      schema,
      heartbeat: HEARTBEAT,
      session: sessionTagOf(session?.id ?? ""),
      ...visitorOf(context),
    });
  }

  /** Tells all of another schema. */
  greet(): void {
    for (const connection of this.#connections) this.#greet(connection);
  }

  /** A reader was so slow that a snapshot takes the place of what waited for it. */
  readonly #slow = () => this.#server.telemetry?.dropped();

  /** A stream has ended. The end of an old one never touches the one that took its place. */
  leave(connection: StreamConnection): void {
    connection.close();
    const { id } = connection.info;
    this.#letters.leave(id, connection);
    const letters = this.#letters.of(id);
    // The tab's next stream may be at another node already.
    if (letters.length > 0 && !this.has(id)) void this.#server.nodes?.letters.send(id, letters);
    this.#lines.get(connection)?.end();
    this.#lines.delete(connection);
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#emptied?.();
    this.#server.sessionLimits.close(connection.caller.session?.id ?? "", connection);
    if (connection.client !== undefined && this.#tabs.get(connection.client) === connection) this.#tabs.delete(connection.client);
  }

  /** A client has a stream at another node: an earlier one here is over. */
  supersede(client: string | null, epoch: number): void {
    const connection = client === null ? undefined : this.#tabs.get(client);
    if (connection && connection.epoch < epoch) this.leave(connection);
  }

  /** Begins to watch stores for a tab. Resolves to whether it has a stream. */
  async watch(request: TwinRequest, input: unknown): Promise<boolean> {
    const { connection, watch } = this.#tabOf(request, input);
    // A stream that was begun as another user ends here, and comes back with all that it watches.
    await this.#server.callers.of(request);
    if (connection) void this.#watch(connection, this.#known(connection, watch), request.address);
    return connection !== undefined || this.#mustPass("watch", request, input);
  }

  /** Passes on what a tab wants whose stream may be at another node. */
  async #elsewhere(kind: WishKind, request: TwinRequest, input: unknown): Promise<boolean> {
    return (await this.#server.nodes?.wishes.pass(kind, request, input)) ?? false;
  }

  /**
   * Passes on what changes what a tab watches. Of several nodes none may have been heard that has the stream, so the tab opens another one.
   * @throws EventError where no node has the stream
   */
  async #mustPass(kind: WishKind, request: TwinRequest, input: unknown): Promise<boolean> {
    const { nodes } = this.#server;
    const passed = await this.#elsewhere(kind, request, input);
    if (!passed && nodes && !nodes.wishes.isPassed(request)) throw noStream();
    return passed;
  }

  /** Leaves out stores of which a browser keeps fields, if the client has not said what: it did not know of them, and says so after `hello`. */
  #known({ client }: StreamConnection, inputs: readonly WatchInput[]): readonly WatchInput[] {
    return client === undefined ? inputs : inputs.filter(({ store, kept }) => kept || !this.#server.definitions.get(store)?.kept);
  }

  /** A page shows something of its tab by a presence field of a store that it watches. Where it watches it no more, there is nobody to show. */
  async present(request: TwinRequest, input: unknown): Promise<boolean> {
    const { callers, clients, limits } = this.#server;
    callers.admit(request, undefined, "presence");
    const { client, epoch, key, ...presented } = presentedOf(input);
    clients.bind(client, request);
    const connection = this.#tabs.get(client);
    if (connection?.epoch !== epoch) return this.#elsewhere("present", request, input);
    await connection.feedOf(presented.store, key)?.present(connection, presented, limits);
    return true;
  }

  async unwatch(request: TwinRequest, input: unknown): Promise<boolean> {
    const { connection, watch } = this.#tabOf(request, input);
    if (!connection) return this.#mustPass("unwatch", request, input);
    void connection.tasks.run(() => {
      for (const { store, key } of watch) connection.leave(store, key ?? null);
    });
    return true;
  }

  #tabOf(request: TwinRequest, input: unknown): { connection: StreamConnection | undefined; watch: WatchInput[] } {
    this.#server.callers.admit(request);
    const { client, epoch, watch } = record(input, "`{ client, epoch, watch }`");
    const id = clientId(client);
    this.#server.clients.bind(id, request);
    const connection = this.#tabs.get(id);
    return { connection: connection?.epoch === whole(epoch, "epoch") ? connection : undefined, watch: watchesOf(watch) };
  }

  /** Watches stores for a connection: those of one scope instance together. */
  #watch(connection: StreamConnection, wants: readonly WatchInput[], address?: string): Promise<unknown> {
    return connection.tasks.run(async () => {
      const { definitions, limits, report } = this.#server;
      const groups = new Map<string, WatchInput[]>();
      let room = limits.maxWatches - connection.watching;
      const refuse = this.#refusalsOf(connection);
      for (const want of wants) {
        const effects: Effect[] = [];
        try {
          if (!connection.feedOf(want.store, want.key ?? null) && room-- <= 0) throw tooManyWatches(want.store);
          const id = await locateGuarded(definitionOf(definitions, want.store), connection.caller, want.key, (some) => effects.push(...some));
          groups.set(id, [...(groups.get(id) ?? []), want]);
        } catch (error) {
          refuse(want, error, effects);
        }
      }
      const watching = [...groups].map(([id, some]) =>
        this.#watchFeed(connection, id, some, refuse, address).catch((error: unknown) => report("error", error)),
      );
      await Promise.all(watching);
    });
  }

  /**
   * Refuses a connection what it wants to watch. The effects of the guard become letters, each once, however many stores it is had for. A page that has been
   * refused a store already, and asks again as its line was cut, has had them.
   */
  #refusalsOf(connection: StreamConnection): Refuse {
    const { client, info } = connection;
    const sent = new Set<string>();
    return ({ store, key, refused }, error, effects) => {
      // This node, or the owner, cannot serve it just now: another one may.
      if (this.#server.nodes && codeOf(error) === "UNAVAILABLE") return connection.close("closed");
      for (const effect of refused ? [] : effects) {
        const text = JSON.stringify(effect);
        if (!sent.has(text) && !this.#letters.waits(info.id, text, connection, client)) this.#letters.post(info.id, effect, client);
        sent.add(text);
      }
      connection.refuse(store, key ?? null, error);
    };
  }

  async #watchFeed(connection: StreamConnection, id: string, wants: readonly WatchInput[], refuse: Refuse, address: string | undefined): Promise<void> {
    const { feeds } = this.#server;
    const feed = await feeds.use(id).catch((error: unknown) => {
      for (const want of wants) refuse(want, error, []);
    });
    if (!feed) return;
    connection.attach(feed, () => feeds.release(feed));
    await feed.watch(connection, wants, refuse, address);
    connection.settle(feed);
  }

  /** Leads a connection to what takes the place of a feed that has ended. */
  readonly #lead: ConnectionOptions["lead"] = (connection, { roomKey }, stores, have) =>
    void this.#watch(
      connection,
      stores.map((store) => ({ store, key: roomKey ?? undefined, have })),
    );

  /** Ends streams, of a user, a session or all: they come back as who they then are. */
  recheck(whose?: Whose): void {
    for (const connection of this.#connections) {
      const { context, session } = connection.caller;
      if (!whose || ("user" in whose ? userOf(context) === String(whose.user) : session?.id === whose.session)) connection.close("access");
    }
  }

  /** Ends all, when they have got what waits for them. Resolves once all have it. */
  async close(): Promise<void> {
    if (this.#connections.size === 0) return;
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    for (const connection of this.#connections) connection.close("closed");
    await emptied;
  }
}
