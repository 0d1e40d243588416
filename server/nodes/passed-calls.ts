import { isEventError, refusal, unavailable } from "../../lib/errors/errors.js";
import { callLost } from "../../lib/errors/node-errors.js";
import type { Effect } from "../../lib/wire/protocol.js";
import type { TwinRequest } from "../access/callers.js";
import type { Dispatcher } from "../call/dispatcher.js";
import type { PlainSinks } from "../call/plain-sinks.js";
import type { EventPath } from "../definition/event-path.js";
import { PeerLost } from "../host/peer-lost.js";
import { pause } from "../task/pause.js";
import { errorOf, errorShapeOf, type Refusal, type Report } from "../wire/error-shape.js";
import type { NumberedCall } from "../wire/request-input.js";
import type { PassedFile, PassedFiles } from "./passed-files.js";
import { cookiesOf, type PassedCookies, type PassedRequest, passedOf, requestFrom } from "./passed-request.js";
import type { PeerRequest, Peers } from "./peers.js";

/** How often a call is passed on: its scope instance may move while it is under way. */
const MOST_HOPS = 3;
/** How often a numbered call is asked again here, and how long it waits before, in ms. Then its client asks again. */
const MOST_TRIES = 12;
const PAUSE = 50;
const CALL = "call";

/** A call of a client, which may be on its way to another node. */
export interface PassableCall {
  readonly request: TwinRequest;
  readonly path: EventPath;
  readonly input: unknown;
  readonly sinks: PlainSinks;
  /** The client's number for the call, if it has one. */
  readonly number: NumberedCall | undefined;
}

type Sent = readonly [hops: number, request: PassedRequest, path: EventPath, input: unknown, files: readonly PassedFile[]];
type Told = readonly [kind: "yield", value: unknown] | readonly [kind: "effects", effects: readonly Effect[]];
type Answered = readonly [cookies: PassedCookies, answer: unknown] | readonly [cookies: PassedCookies, answer: null, refusal: Refusal];

interface Server {
  readonly dispatcher: Pick<Dispatcher, "invoke">;
  readonly report: Report;
  contextOf(head: Headers, session: string | undefined): Promise<object>;
}

/** Calls of clients that came to one node, and run at another. */
export class PassedCalls {
  readonly #server: Server;
  readonly #peers: Peers;
  readonly #files: PassedFiles;
  /** How often the requests that other nodes have passed on were passed on. */
  readonly #hops = new WeakMap<TwinRequest, number>();
  /** How often numbered calls were asked again here, by their inputs. */
  readonly #tries = new WeakMap<object, number>();

  constructor(server: Server, peers: Peers, files: PassedFiles) {
    this.#server = server;
    this.#peers = peers;
    this.#files = files;
    peers.serve(CALL, (asked) => this.#run(asked));
  }

  /** Has another node run a call, and gives the answer. What the response is to set is noted in the request. */
  async pass(node: string, call: PassableCall): Promise<unknown> {
    const { request, path, input, sinks, number } = call;
    const hops = this.#hops.get(request) ?? 0;
    if (hops >= MOST_HOPS) throw unavailable();
    const part = (told: unknown) => {
      const [kind, what] = told as Told;
      if (kind === "yield") sinks.yielded?.(what);
      else sinks.effects?.(what)();
    };
    const passed = passedOf(request);
    let answered: Answered;
    try {
      answered = await this.#files.passing(input, async (packed) => {
        const sent: Sent = [hops + 1, passed, path, packed.input, packed.files];
        return (await this.#peers.ask(node, CALL, sent, { part, signal: sinks.signal })) as Answered;
      });
    } catch (error) {
      if (!(error instanceof PeerLost)) throw error;
      // A call without a number may have run: it must not run twice.
      if (!number) throw callLost();
      return this.#again(call, error);
    }
    const [cookies, answer, refusal] = answered;
    Object.assign(request, cookies);
    if (!refusal) return answer;
    const error = errorOf(refusal);
    // The owner is about to close, or has lost the lease.
    if (number && refusal.again && refusal.code === "UNAVAILABLE" && hops === 0) return this.#again(call, error);
    throw error;
  }

  /** Asks again as if the call had just come: its scope instance may be here now, or elsewhere. */
  async #again({ request, path, input, sinks }: PassableCall, error: unknown): Promise<unknown> {
    const tries = (this.#tries.get(input as object) ?? 0) + 1;
    if (tries > MOST_TRIES) throw error;
    this.#tries.set(input as object, tries);
    await pause(PAUSE * tries);
    try {
      return await this.#server.dispatcher.invoke(request, path, input, sinks);
    } catch (error) {
      // The client has sent it once; it was asked for more than once all the same, and may have run.
      if (isEventError(error) && error.code === "UNKNOWN_OUTCOME") throw refusal(error.code, error.message, { ...(error.data as object), again: true });
      throw error;
    }
  }

  async #run({ data, from, part, signal }: PeerRequest): Promise<Answered> {
    const { dispatcher, report } = this.#server;
    const [hops, passed, path, sent, files] = data as Sent;
    const request = requestFrom(passed, (head, session) => this.#server.contextOf(head, session));
    this.#hops.set(request, hops);
    const sinks: PlainSinks = {
      signal,
      yielded: (value) => part(["yield", value] satisfies Told),
      effects: (effects) => () => part(["effects", effects] satisfies Told),
    };
    try {
      const numbered = (sent as { readonly call?: unknown } | null)?.call !== undefined;
      const run = (input: unknown) => dispatcher.invoke(request, path, input, numbered ? {} : sinks);
      const answer = (await this.#files.passed(from, { input: sent, files }, run)) ?? null;
      return [cookiesOf(request), answer];
    } catch (error) {
      return [cookiesOf(request), null, errorShapeOf(error, report)];
    }
  }
}
