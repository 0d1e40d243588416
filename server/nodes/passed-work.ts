import { unavailable } from "../../lib/errors/errors.js";
import { callLost, circleOf, contextNotSent, isCircle } from "../../lib/errors/node-errors.js";
import type { Page } from "../../lib/event/current.js";
import type { Encoded } from "../../lib/wire/codec.js";
import type { Effect } from "../../lib/wire/protocol.js";
import { decodeValue, encodeValue } from "../../lib/wire/value-codec.js";
import type { TwinRequest } from "../access/callers.js";
import { deleteHost, forNode, type HostTask } from "../call/host-tasks.js";
import type { SeenInstance } from "../call/instance-views.js";
import { type PreloadedStore, preloadFor } from "../call/preload.js";
import type { Caller } from "../host/context.js";
import { PeerLost } from "../host/peer-lost.js";
import type { Runtime } from "../runtime.js";
import { plainOf } from "../wire/plain-values.js";
import { type PassedRequest, passedOf, requestFrom } from "./passed-request.js";
import type { PeerRequest, Peers } from "./peers.js";
import { askRepeatedly } from "./repeated-question.js";

/** How deep a context may be nested. */
const DEEPEST = 20;

/** A page's store, as another node is to load it. */
interface SentPreload {
  readonly store: string;
  readonly key: string | null;
  readonly page: Page | undefined;
  readonly head: readonly (readonly [string, string])[];
  readonly session: string;
  readonly isNew: boolean;
}

/** A call of server code for another node. */
export interface SentCall {
  readonly store: string;
  readonly key: string;
  readonly event: string;
  readonly given: Encoded;
  readonly on: SeenInstance | undefined;
  readonly session: string | undefined;
  /** The id by which it is done once. */
  readonly id: string | undefined;
  /** The host whose event waits for the answer. */
  readonly waiting: string | null;
  /** The caller's context: made of a request, or as it is. */
  readonly from: PassedRequest | null;
  readonly context: Encoded | null;
  readonly connection: readonly [id: string, since: number] | null;
}

/** What a call of server code gives before its answer. */
export interface CallSteps {
  began?(): void;
  yielded?(value: unknown): void;
  effects?(effects: readonly Effect[]): void;
  readonly signal: AbortSignal;
}

/** The answer, or the error that server code gets as it is: hosts would wait for each other. */
type Answered = Encoded | { readonly circle: string };

type Step = readonly ["began"] | readonly ["yielded", value: Encoded] | readonly ["effects", effects: readonly Effect[]];

/** What server code and pages ask of scope instances at other nodes. */
export class PassedWork {
  readonly #runtime: Runtime;
  readonly #peers: Peers;

  constructor(runtime: Runtime, peers: Peers) {
    this.#runtime = runtime;
    this.#peers = peers;
    peers.serve("task", async ({ data }) => {
      const [id, task, args] = data as [id: string, task: HostTask, args: Encoded];
      return encodeValue(plainOf(await forNode(runtime, id, task, decodeValue(args) as unknown[]), Infinity));
    });
    peers.serve("delete", async ({ data }) => {
      await deleteHost(runtime, ...(data as [id: string, leads: boolean]));
      return null;
    });
    peers.serve("preload", ({ data }) => this.#preload(data as SentPreload));
    peers.serve("read", ({ data }) => {
      const [passed, store, key] = data as [PassedRequest, string, string | null];
      const request = requestFrom(passed, (head, session) => runtime.contextOf(head, session));
      return runtime.stateReader.read(request, store, key ?? undefined);
    });
    peers.serve("message", (asked) => this.#run(asked));
    peers.serve("reaches", ({ data }) => runtime.serverCalls.circles.reaches(...(data as [from: readonly string[], goal: string, seen: readonly string[]])));
    peers.serve("watched", async ({ data }) => runtime.data.watched(...(data as [store: string, prefix: string])));
  }

  #ask(node: string, what: string, data: unknown): Promise<unknown> {
    return askRepeatedly(this.#peers, node, what, data);
  }

  async task(node: string, id: string, task: HostTask, args: readonly unknown[]): Promise<unknown> {
    return decodeValue((await this.#ask(node, "task", [id, task, encodeValue(args)])) as Encoded);
  }

  async delete(node: string, id: string, leads: boolean): Promise<void> {
    await this.#ask(node, "delete", [id, leads]);
  }

  /** Has another node load a store for a page. */
  async preload(node: string, { head, ...what }: Omit<SentPreload, "head"> & { readonly head: Headers }): Promise<PreloadedStore> {
    return (await this.#ask(node, "preload", { ...what, head: [...head] })) as PreloadedStore;
  }

  #preload({ head, store, key, page, session, isNew }: SentPreload): Promise<PreloadedStore> {
    const headers = new Headers(head.map(([name, value]): [string, string] => [name, value]));
    return preloadFor(this.#runtime, store, key, page, headers, session, isNew);
  }

  /** Has another node read a store for a client without a twin. */
  read(node: string, request: TwinRequest, store: string, key: string | undefined): Promise<unknown> {
    return this.#ask(node, "read", [passedOf(request), store, key ?? null]);
  }

  /** The keys of the scope instances of other nodes in which somebody watches a store. Whoever watches those of a node that is gone is led to another. */
  async watched(store: string, prefix: string): Promise<string[]> {
    const ask = async (node: string) => {
      try {
        return (await this.#ask(node, "watched", [store, prefix])) as string[];
      } catch (error) {
        if (error instanceof PeerLost) return [];
        throw error;
      }
    };
    return (await Promise.all((await this.#peers.others("now")).map(ask))).flat();
  }

  // --- calls of server code ---

  /** Whether hosts of another node wait for a host: see `Circles`. */
  async reaches(node: string, from: readonly string[], goal: string, seen: readonly string[]): Promise<boolean> {
    return (await this.#peers.ask(node, "reaches", [from, goal, seen])) === true;
  }

  /** The caller of server code, as data. */
  callerOf(caller: Caller | undefined, context: object): Pick<SentCall, "context" | "connection" | "from"> {
    const { connection } = caller ?? {};
    const request = caller && caller.context === context ? this.#runtime.callers.requestOf(caller) : undefined;
    if (!request && !isData(context)) throw contextNotSent(undefined);
    try {
      return {
        from: request ? { ...passedOf(request), late: true } : null,
        context: request ? null : encodeValue(plainOf(context)),
        connection: connection ? [connection.id, connection.since.getTime()] : null,
      };
    } catch (error) {
      throw contextNotSent(error);
    }
  }

  /** Has another node run an event for server code. */
  async call(node: string, sent: SentCall, { began, effects, signal, yielded }: CallSteps): Promise<unknown> {
    const part = (told: unknown) => {
      const step = told as Step;
      if (step[0] === "began") began?.();
      else if (step[0] === "yielded") yielded?.(decodeValue(step[1]));
      else effects?.(step[1]);
    };
    try {
      const answered = (await this.#peers.ask(node, "message", sent, { part, signal })) as Answered;
      if ("circle" in answered) throw circleOf(answered.circle);
      return decodeValue(answered);
    } catch (error) {
      if (!(error instanceof PeerLost)) throw error;
      if (sent.id === undefined) throw callLost();
      throw error;
    }
  }

  async #run({ data, part, signal }: PeerRequest): Promise<Answered> {
    const { callers, serverCalls } = this.#runtime;
    const { connection, context, from, ...call } = data as SentCall;
    const control = new AbortController();
    const cancel = () => control.abort(unavailable());
    signal.addEventListener("abort", cancel);
    const here = connection ? { id: connection[0], since: new Date(connection[1]) } : undefined;
    const request = from && requestFrom(from, (head, session) => this.#runtime.contextOf(head, session));
    const caller = request ? await callers.of(request, here) : undefined;
    try {
      const answer = await serverCalls.receive({
        ...call,
        context: caller?.context ?? (decodeValue(context) as object),
        connection: here,
        control,
        began: () => part(["began"] satisfies Step),
        yielded: (value) => part(["yielded", encodeValue(value)] satisfies Step),
        effects: (effects) => part(["effects", effects] satisfies Step),
      });
      return encodeValue(answer);
    } catch (error) {
      if (isCircle(error)) return { circle: error.message };
      throw error;
    }
  }
}

/** Whether a context can be sent: it has no functions, and no objects of classes but dates. */
function isData(value: unknown, depth = 0): boolean {
  if (typeof value === "function" || typeof value === "symbol" || depth > DEEPEST) return false;
  if (typeof value !== "object" || value === null || value instanceof Date) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null;
  return isPlain && Object.values(value).every((part) => isData(part, depth + 1));
}
