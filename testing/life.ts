import { AsyncResource } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import type { Models, Stores } from "../server/definition/scope.js";
import type { Runtime } from "../server/runtime.js";
import type { NodeStorage } from "../server/storage/nodes.js";
import type { Storage } from "../server/storage/storage.js";
import { createTwin, type TwinApp } from "../server/twin.js";
import type { TwinOptions } from "../server/twin-options.js";
import type { Clock } from "./clock.js";
import { ServerEnd } from "./socket.js";

/**
 * Where a server can die:
 * - `append`: before a commit is in the storage;
 * - `appended`: after the commit is in the storage, before anybody is notified;
 * - `frame`: before a frame is sent;
 * - `answer`: before an answer is sent.
 */
export type KillPoint = (typeof KILL_POINTS)[number];
const KILL_POINTS = ["append", "appended", "frame", "answer"] as const;
export const isKillPoint = (what: unknown): what is KillPoint => KILL_POINTS.includes(what as KillPoint);

export interface LifeOptions {
  readonly clock: Clock;
  /** How long the storage takes, in ms. */
  delay(): number;
  /** Sockets carry events, too. */
  readonly socketEvents: boolean;
  /** Called at each point where the server may die. It kills the server, if the test asked for that. */
  reached(point: KillPoint): void;
}

const never = () => new Promise<never>(() => {});

/** One life of the server, from its start until it is killed. A killed server has no visible effects. */
export class Life<S extends Stores = Stores, M extends Models = Models> {
  readonly twin: TwinApp<S, M>;
  /** The server for calls from tests, which are part of this life. */
  readonly server: TwinApp<S, M>;
  /** How many calls from tests are under way. */
  calls = 0;
  readonly #name = `pair ${randomUUID()}`;
  readonly #options: LifeOptions;
  dead = false;

  constructor(options: TwinOptions<S, M>, storage: Storage, life: LifeOptions) {
    this.#options = life;
    this.twin = this.run(() => createTwin<S, M>({ revalidate: () => {}, ...options, name: this.#name, storage: this.#keep(storage) }));
    this.server = this.#within(this.twin);
  }

  /** Runs something as part of this life. */
  run<R>(run: () => R): R {
    return this.#options.clock.own(this, run);
  }

  /** Wraps a value: its methods run as part of this life. */
  #within<T extends object>(value: T, owner?: object): T {
    // A Proxy must return its target's own constant properties unchanged. The target here is another object, which inherits the twin's properties.
    const target = typeof value === "function" ? value : (Object.create(value) as T);
    return new Proxy(target, {
      get: (_, key) => {
        const found: unknown = Reflect.get(value, key);
        return typeof found === "function" ? this.#within(found, value) : found;
      },
      apply: (_target, _self, args) => {
        const result: unknown = this.run(() => Reflect.apply(value as () => unknown, owner, args));
        if (typeof result !== "object" || result === null) return result;
        if (!(result instanceof Promise)) return this.#within(result);
        const done = () => void this.calls--;
        this.calls++;
        result.then(done, done);
        return result;
      },
    });
  }

  /** Clients are about to get changes of volatile state. */
  get ticking(): boolean {
    return runtimes()?.get(this.#name)?.hosts.ticking ?? false;
  }

  handle(request: Request): Promise<Response> {
    const { GET, POST } = this.twin.handlers;
    return (request.method === "GET" ? GET : POST)(request);
  }

  /** A socket has opened, and has sent its first message. */
  accept(request: Request): ServerEnd {
    return new ServerEnd(runtimes()?.get(this.#name) as Runtime, request, this.#options.socketEvents);
  }

  /** The server comes to a point where it may die. */
  dies(point: KillPoint): boolean {
    if (!this.dead) this.#options.reached(point);
    return this.dead;
  }

  kill(): void {
    this.dead = true;
    this.#options.clock.drop(this);
    runtimes()?.delete(this.#name);
  }

  /** The storage, during this life. It outlives the server, so closing the server does not close it. */
  #keep(storage: Storage): Storage {
    const { clock, delay } = this.#options;
    const work = async <R>(run: () => R | Promise<R>): Promise<R> => {
      if (this.dead) return never();
      // A frozen node waits without end, which is no work of a storage.
      const result = await (storage.nodes ? run() : clock.hold(run));
      return this.dead ? never() : result;
    };
    return {
      "~storage": true,
      durable: storage.durable,
      load: (id) => work(() => storage.load(id)),
      append: async (id, commits, fence) => {
        if (this.dies("append")) return never();
        await new Promise<void>((resolve) => void this.run(() => clock.after(delay(), resolve, "packet")));
        await work(() => storage.append(id, commits, fence));
        return this.dies("appended") ? never() : undefined;
      },
      save: (id, record, fence) => work(() => storage.save(id, record, fence)),
      delete: (id, fence) => work(() => storage.delete(id, fence)),
      touch: (ids) => work(() => storage.touch(ids)),
      list: (prefix) => storage.list(prefix),
      expire: (prefix, before) => work(() => storage.expire(prefix, before)),
      due: (before, limit) => work(() => storage.due(before, limit)),
      ...(storage.nodes && { nodes: this.#keepNodes(storage.nodes, work) }),
    };
  }

  /** What the node of this life asks of the storage and says to others. A dead one says and hears nothing. */
  #keepNodes(nodes: NodeStorage, work: <R>(run: () => R | Promise<R>) => Promise<R>): NodeStorage {
    return {
      node: nodes.node,
      format: nodes.format,
      join: (facts) => work(() => nodes.join(facts)),
      renew: () => work(() => nodes.renew()),
      leave: () => work(() => nodes.leave()),
      alive: () => work(() => nodes.alive()),
      claim: (id) => work(() => nodes.claim(id)),
      release: (leases) => work(() => nodes.release(leases)),
      duty: (name) => work(() => nodes.duty(name)),
      send: (node, message) => this.dead || nodes.send(node, message),
      // What comes is part of this life, not of the life that has sent it.
      onMessage: (take) => nodes.onMessage(AsyncResource.bind((message: string, from: string) => void (this.dead || take(message, from)))),
    };
  }
}

const runtimes = () => (globalThis as unknown as { [key: symbol]: Map<string, Runtime> | undefined })[Symbol.for("twinstate.runtime")];
