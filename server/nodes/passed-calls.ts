import { unavailable } from "../../lib/errors/errors.js";
import type { Effect } from "../../lib/wire/protocol.js";
import type { TwinRequest } from "../access/callers.js";
import type { Dispatcher } from "../call/dispatcher.js";
import type { PlainSinks } from "../call/plain-sinks.js";
import type { EventPath } from "../definition/event-path.js";
import { errorOf, errorShapeOf, type Refusal, type Report } from "../wire/error-shape.js";
import { cookiesOf, type PassedCookies, type PassedRequest, passedOf, requestFrom } from "./passed-request.js";
import type { PeerRequest, Peers } from "./peers.js";

/** How often a call is passed on: its scope instance may move while it is under way. */
const MOST_HOPS = 3;
const CALL = "call";

/** A call of a client, on its way to the node that has its scope instance. */
export interface PassableCall {
  readonly request: TwinRequest;
  readonly path: EventPath;
  readonly input: unknown;
  readonly sinks: PlainSinks;
}

type Sent = readonly [hops: number, request: PassedRequest, path: EventPath, input: unknown];
type Told = readonly [kind: "yield", value: unknown] | readonly [kind: "effects", effects: readonly Effect[]];
type Answered = readonly [cookies: PassedCookies, answer: unknown] | readonly [cookies: PassedCookies, answer: null, refusal: Refusal];

interface Server {
  readonly peers: Peers;
  readonly dispatcher: Pick<Dispatcher, "invoke">;
  readonly report: Report;
  contextOf(head: Headers, session: string | undefined): Promise<object>;
}

/** Calls of clients that came to one node, and run at another. */
export class PassedCalls {
  readonly #server: Server;
  /** How often the requests that other nodes have passed on were passed on. */
  readonly #hops = new WeakMap<TwinRequest, number>();

  constructor(server: Server) {
    this.#server = server;
    server.peers.serve(CALL, (asked) => this.#run(asked));
  }

  /** Has another node run a call, and gives the answer. What the response is to set is noted in the request. */
  async pass(node: string, { request, path, input, sinks }: PassableCall): Promise<unknown> {
    const hops = this.#hops.get(request) ?? 0;
    if (hops >= MOST_HOPS) throw unavailable();
    const part = (told: unknown) => {
      const [kind, what] = told as Told;
      if (kind === "yield") sinks.yielded?.(what);
      else sinks.effects?.(what)();
    };
    const sent: Sent = [hops + 1, passedOf(request), path, input];
    const [cookies, answer, refusal] = (await this.#server.peers.ask(node, CALL, sent, { part, signal: sinks.signal })) as Answered;
    Object.assign(request, cookies);
    if (refusal) throw errorOf(refusal);
    return answer;
  }

  async #run({ data, part, signal }: PeerRequest): Promise<Answered> {
    const { contextOf, dispatcher, report } = this.#server;
    const [hops, passed, path, input] = data as Sent;
    const request = requestFrom(passed, contextOf);
    this.#hops.set(request, hops);
    const sinks: PlainSinks = {
      signal,
      yielded: (value) => part(["yield", value] satisfies Told),
      effects: (effects) => () => part(["effects", effects] satisfies Told),
    };
    try {
      const answer = (await dispatcher.invoke(request, path, input, sinks)) ?? null;
      return [cookiesOf(request), answer];
    } catch (error) {
      return [cookiesOf(request), null, errorShapeOf(error, report)];
    }
  }
}
