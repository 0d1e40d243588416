import { closing, cookieReplaced } from "../../lib/errors/errors.js";
import { noRotation } from "../../lib/errors/setup-errors.js";
import type { Caller, ConnectionInfo, Turn } from "../host/context.js";
import type { Nodes } from "../nodes/nodes.js";
import type { Storage } from "../storage/storage.js";
import type { Report } from "../wire/error-shape.js";
import { userOf } from "./access.js";
import { type ReplacingCall, Rotations, type Standing } from "./rotation.js";
import type { SessionCookie, Sessions } from "./session.js";
import type { SessionLimits } from "./session-limits.js";

/** How long a client waits before it sends a refused call again, in ms, where the refusal has no time of its own. */
export const RETRY = 500;

export interface Recognised extends SessionCookie {
  readonly replaced: boolean;
}

/** One request, as the router's procedures see it. */
export interface TwinRequest {
  readonly session: SessionCookie | undefined;
  /** The client that asks, where calls do not name it: one that is no page. */
  readonly client?: string;
  /** The session's cookie has been replaced since. */
  readonly replaced?: boolean;
  /** The session was made for this request: nobody has its cookie yet. */
  readonly fresh?: boolean;
  /** The request's headers, where they may be passed on to another node. */
  readonly head?: Headers;
  /** The client's address, if a trusted proxy reported it. */
  readonly address?: string | undefined;
  /** The response's headers were sent: it can set no more cookies. */
  late?: boolean;
  /** The session's cookie that the response sets. `null`: none yet; missing where there is no response. */
  cookie?: string | null;
  /** The request's cookies, where the browser itself posts a form: it brings kept fields by them. */
  cookies?: string | null;
  /** The `set-cookie` headers of kept fields that the response has then, and whether browsers send those over HTTPS alone. */
  kept?: readonly string[];
  readonly secure?: boolean;
  /** The app's own context, made when first asked for. */
  context(): Promise<object>;
}

interface Server {
  readonly sessions: Sessions;
  readonly sessionLimits: SessionLimits;
  readonly storage: Storage;
  readonly report: Report;
  /** The server is closing, and refuses requests. */
  readonly closing: boolean;
  /** The other nodes, which may have streams of the same session. */
  readonly nodes: Pick<Nodes, "rotated"> | undefined;
}

/** Authenticates requests: whether a request is heard, and as whom. */
export class Callers {
  readonly #server: Server;
  readonly #rotations: Rotations;
  /** The requests of callers, where other nodes may have to make them. */
  readonly #requests = new WeakMap<object, TwinRequest>();

  constructor(server: Server) {
    this.#server = server;
    this.#rotations = new Rotations(
      () => server.storage,
      (...told) => server.report(...told),
    );
  }

  /** Gives the session of a request's cookie; `undefined` without a valid one. */
  recognise(cookies: string | null): Recognised | undefined | Promise<Recognised | undefined> {
    const cookie = this.#server.sessions.readCookie(cookies);
    if (!cookie) return undefined;
    const { id, generation } = cookie;
    const told = (standing: Standing) => (standing === "worthless" ? undefined : { id, generation, replaced: standing === "replaced" });
    const standing = this.#rotations.standing(cookie);
    return typeof standing === "string" ? told(standing) : standing.then(told);
  }

  /** Whether a cookie that has been recognised is still the session's. */
  stands(cookie: SessionCookie): boolean | Promise<boolean> {
    const standing = this.#rotations.standing(cookie);
    return typeof standing === "string" ? standing === "good" : standing.then((told) => told === "good");
  }

  newSession(): string {
    const id = this.#server.sessions.create();
    this.#rotations.begin(id);
    return id;
  }

  /**
   * Refuses a request that is not heard at all. A refused call has taken no number, and is sent again.
   * @throws EventError `OFFLINE`, `RATE_LIMITED`, `UNAVAILABLE`
   */
  admit(request: TwinRequest, claim?: ReplacingCall, kind?: "presence"): void {
    const { closing: closed, sessionLimits } = this.#server;
    if (closed) throw closing(RETRY);
    const { session } = request;
    if (!session) return;
    sessionLimits.ask(session.id, kind);
    if (request.replaced && !this.renew(request, claim)) throw cookieReplaced();
  }

  /**
   * Gives the call that has replaced the session's cookie the new one with its answer, also if it is answered again, as the first answer may be lost: it was
   * sent again since, or while it ran. Returns whether the request has the new cookie.
   */
  renew(request: TwinRequest, claim: ReplacingCall | undefined): boolean {
    const { session, cookie } = request;
    const next = session && cookie === null ? this.#rotations.claimed(session, claim) : undefined;
    if (session && next !== undefined) request.cookie = this.#server.sessions.cookie(session.id, next);
    return typeof request.cookie === "string";
  }

  /** Whether this call has replaced the cookie with which its request came: the browser has the new one once it has the answer. */
  hasReplaced({ session }: TwinRequest, claim: ReplacingCall): boolean {
    return session !== undefined && this.#rotations.claimed(session, claim) !== undefined;
  }

  /** The caller that a request makes. `claim`: the call that it may replace the cookie with. */
  async of(request: TwinRequest, connection?: ConnectionInfo, claim?: ReplacingCall): Promise<Caller> {
    const context = await request.context();
    const { session } = request;
    if (!session) return this.#noted(request, { context, session: undefined, connection, trusted: false });
    this.notice(session, context);
    const rotate = () => this.#rotate(request, session, claim);
    return this.#noted(request, { context, session: { id: session.id, rotate }, connection, trusted: false });
  }

  #noted(request: TwinRequest, caller: Caller): Caller {
    if (request.head) this.#requests.set(caller, request);
    return caller;
  }

  /** The request of a caller, where another node may have to make that caller. */
  requestOf(caller: Caller): TwinRequest | undefined {
    return this.#requests.get(caller);
  }

  /**
   * Ends the streams of a session that were begun as another user: they come back as the user who now calls. It also ends streams with calls under an older
   * cookie than this request's.
   */
  notice({ id, generation }: SessionCookie, context: object): void {
    const user = userOf(context);
    for (const stream of this.#server.sessionLimits.streams(id)) {
      if (userOf(stream.caller.context) !== user) stream.close("user");
      else if (stream.generation !== undefined && stream.generation < generation) stream.close("session");
    }
  }

  /** Makes a new cookie for a session. The old one is worth nothing from now on, and streams that were begun with it end. */
  async #rotate(request: TwinRequest, { id, generation }: SessionCookie, claim: ReplacingCall | undefined): Promise<void> {
    if (request.cookie === undefined) throw noRotation("it was called without a request");
    if (!claim && request.late) throw noRotation("it was called in a stream, or in a batch the first part of which is sent already");
    const next = await this.#rotations.rotate(id, generation, claim);
    request.cookie = this.#server.sessions.cookie(id, next);
    this.endStreams(id, claim?.client);
    this.#server.nodes?.rotated(id, claim?.client);
  }

  /** Ends the streams of a session whose cookie was replaced, but for that of the client that has asked for it. */
  endStreams(session: string, but: string | undefined): void {
    for (const stream of this.#server.sessionLimits.streams(session)) if (but === undefined || stream.client !== but) stream.close("session");
  }
}

/** The session of a call from server code: where it is the calling event's own, it has a response to rotate with. */
export function sessionOf(id: string | undefined, turn: Turn | undefined): Caller["session"] {
  if (id === undefined) return undefined;
  const own = turn?.caller.session;
  return own?.id === id ? own : { id, rotate: () => Promise.reject(noRotation("it was called from server code")) };
}
