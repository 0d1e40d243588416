import { cookieReplaced } from "../../lib/errors/errors.js";
import type { AnswerMessage } from "../../lib/wire/protocol.js";
import type { SessionCookie } from "../access/session.js";
import { parseEventPath } from "../definition/event-path.js";
import type { Runtime } from "../runtime.js";
import type { StreamConnection } from "../stream/connection.js";
import { answerEvent, type CalledEvent, callErrorOf } from "./event-answer.js";

/** A stream that a socket has opened. */
export interface OpenedStream {
  readonly connection: StreamConnection;
  /** Hears what else the socket says, where it may say more. */
  readonly calls: SocketCalls | undefined;
}

/** The client that has opened a socket. */
export interface Opener {
  readonly session: SessionCookie;
  readonly address: string | undefined;
  readonly head: Headers | undefined;
}

/** Answers the calls that a socket sends after its first message: numbered calls of events, made as its opener. */
export class SocketCalls {
  readonly #runtime: Runtime;
  readonly #connection: StreamConnection;
  readonly #opener: Opener;
  /** How many calls are under way. */
  pending = 0;
  /** The opener's cookie has been replaced: no more calls are taken. */
  #stopped = false;

  constructor(runtime: Runtime, connection: StreamConnection, opener: Opener) {
    this.#runtime = runtime;
    this.#connection = connection;
    this.#opener = opener;
    connection.generation = opener.session.generation;
  }

  /** How many bytes a call may have. */
  get longest(): number {
    return this.#runtime.limits.maxBody;
  }

  /** Hears a call, whose answer goes with the stream. `false`: it is none. */
  receive(text: string): boolean {
    const said = callOf(text);
    if (!said) return false;
    this.pending++;
    const over = () => {
      this.pending--;
    };
    // A call without an answer is asked again by request.
    void this.#answer(said).then(over, over);
    return true;
  }

  async #answer([id, call]: Said): Promise<void> {
    const { session, address, head } = this.#opener;
    const standing = this.#runtime.callers.stands(session);
    const stands = typeof standing === "boolean" ? standing : await standing.catch(() => false);
    const { context } = this.#connection.caller;
    const request = { session, address, ...(head && { head }), late: true, cookie: null as string | null, context: async () => context };
    const answer = stands ? await answerEvent(this.#runtime, request, call) : { error: callErrorOf(this.#runtime, cookieReplaced(), call.path) };
    const message: AnswerMessage = "error" in answer ? ["answer", id, null, answer.error] : ["answer", id, answer.result.data];
    // A new cookie goes with the response to a request alone: there it is asked again.
    if (!stands || request.cookie !== null) this.#stop();
    this.#connection.answer(message);
  }

  #stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#connection.takes(0);
  }
}

type Said = readonly [id: number, call: CalledEvent];

function callOf(text: string): Said | undefined {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(said)) return undefined;
  const [id, path, input] = said as [unknown, unknown, { readonly call?: unknown } | null | undefined];
  if (!Number.isSafeInteger(id) || typeof path !== "string" || typeof input?.call !== "object") return undefined;
  return [id as number, { path, ...parseEventPath(path), input }];
}
