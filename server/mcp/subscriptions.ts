import { refusal } from "../../lib/errors/errors.js";
import { EFFECTS, isFrame, type Message, PROTOCOL, TICK } from "../../lib/wire/protocol.js";
import { RETRY, type TwinRequest } from "../access/callers.js";
import type { Runtime } from "../runtime.js";
import type { StreamConnection } from "../stream/connection.js";
import { mcpErrorOf, type Resource } from "./resources.js";

/** How often, at most, a change of a resource is told, in ms. */
const INTERVAL = 100;

interface Subscribed {
  readonly resource: Resource;
  /** The agent has been answered: whatever comes from now on is a change. */
  settled: boolean;
  settle(error?: Error): void;
  readonly ready: Promise<void>;
}

interface Ways {
  /** The last request of the agent: as who it is. */
  request(): TwinRequest;
  changed(uri: string): void;
}

/** The resources of which an agent wants to know the changes. It watches them by a stream as a tab does, with the same limits and checks. */
export class Subscriptions {
  readonly #runtime: Runtime;
  readonly #client: string;
  readonly #ways: Ways;
  readonly #subscribed = new Map<string, Subscribed>();
  /** The resources of changes that are about to be told. */
  readonly #due = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #connection: StreamConnection | undefined;
  #opening: Promise<void> | undefined;
  #epoch = 0;
  #closed = false;

  constructor(runtime: Runtime, client: string, ways: Ways) {
    this.#runtime = runtime;
    this.#client = client;
    this.#ways = ways;
  }

  /**
   * Resolves when each later change is told.
   * @throws McpError where the agent may not see it
   */
  async add(resource: Resource): Promise<void> {
    const label = labelOf(resource.store, resource.key);
    let one = this.#subscribed.get(label);
    try {
      if (!one) {
        one = subscribed(resource);
        this.#subscribed.set(label, one);
        await this.#watch(resource);
      }
      await one.ready;
    } catch (error) {
      if (this.#subscribed.get(label) === one) this.#subscribed.delete(label);
      throw mcpErrorOf(this.#runtime, error);
    }
  }

  remove({ store, key }: Resource): void {
    const label = labelOf(store, key);
    const one = this.#subscribed.get(label);
    if (!one) return;
    this.#subscribed.delete(label);
    // Whoever waits for it to begin is answered: nothing comes for it any more.
    one.settle();
    if (this.#subscribed.size === 0) return this.#leave();
    const leaving = this.#runtime.streams.unwatch(this.#ways.request(), { client: this.#client, epoch: this.#epoch, watch: [{ store, key }] });
    // Where it is refused, as the agent asks too fast, the stream goes on to bring what nobody takes.
    leaving.catch(() => {});
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const one of this.#subscribed.values()) one.settle();
    this.#subscribed.clear();
    this.#leave();
  }

  #leave(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection) this.#runtime.streams.leave(connection);
  }

  async #watch(resource: Resource): Promise<void> {
    await this.#opening;
    if (!this.#connection) {
      this.#opening = this.#open();
      return this.#opening.finally(() => {
        this.#opening = undefined;
      });
    }
    await this.#runtime.streams.watch(this.#ways.request(), { client: this.#client, epoch: this.#epoch, watch: [this.#wanted(resource)] });
  }

  /** A client without a browser has nothing of the fields that browsers keep. */
  #wanted({ store, key }: Resource): object {
    return { store, key, ...(this.#runtime.definitions.get(store)?.kept && { kept: [{}] }) };
  }

  async #open(): Promise<void> {
    const { streams } = this.#runtime;
    const request = this.#ways.request();
    const watch = Array.from(this.#subscribed.values(), ({ resource }) => this.#wanted(resource));
    const tab = { client: this.#client, epoch: ++this.#epoch };
    const { ticket, rest = 0 } = streams.connect(request, { protocol: PROTOCOL, ...tab, watch });
    const connection = await streams.live(request, { ticket });
    try {
      if (rest > 0) await streams.watch(request, { ...tab, watch: watch.slice(-rest) });
    } catch (error) {
      streams.leave(connection);
      throw error;
    }
    if (this.#closed || this.#subscribed.size === 0) return streams.leave(connection);
    this.#connection = connection;
    void this.#follow(connection);
  }

  /** Reads a stream to its end. The server ends it to check the agent's rights again: then it begins anew, as tabs do. */
  async #follow(connection: StreamConnection): Promise<void> {
    const hosts = new Map<unknown, Map<string, string>>();
    for (let message = await connection.next(); message && message[0] !== "bye"; message = await connection.next()) this.#take(message, hosts);
    if (this.#connection !== connection) return;
    this.#leave();
    await this.#again();
  }

  async #again(): Promise<void> {
    while (!this.#closed && !this.#runtime.closing && this.#subscribed.size > 0 && !this.#connection) {
      try {
        await this.#open();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, RETRY).unref());
      }
    }
  }

  /** `hosts`: the resources that the stream has named, by the numbers of their hosts. */
  #take(message: Message, hosts: Map<unknown, Map<string, string>>): void {
    const tell = (host: unknown, stores: Iterable<string>) => {
      for (const store of stores) this.#changed(hosts.get(host)?.get(store));
    };
    if (isFrame(message)) tell(message[0], storesIn(message));
    else if (message[0] === "tick") tell(message[1], storesIn(message.slice(2)));
    else if (message[0] === "snapshot") {
      const [, host, store, key] = message;
      const label = labelOf(store, key ?? undefined);
      hosts.set(host, (hosts.get(host) ?? new Map()).set(store, label));
      const one = this.#subscribed.get(label);
      if (one?.settled) this.#changed(label);
      one?.settle();
    } else if (message[0] === "refused") {
      const [, store, key, ...parts] = message;
      const label = labelOf(store, key ?? undefined);
      const one = this.#subscribed.get(label);
      if (one?.settled) this.#changed(label);
      this.#subscribed.delete(label);
      one?.settle(refusal(...parts));
    }
  }

  #changed(label: string | undefined): void {
    const uri = label === undefined ? undefined : this.#subscribed.get(label)?.resource.uri;
    if (uri === undefined) return;
    this.#due.add(uri);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const due = [...this.#due];
      this.#due.clear();
      for (const one of due) this.#ways.changed(one);
    }, INTERVAL).unref();
  }
}

const labelOf = (store: string, key: string | undefined) => JSON.stringify([store, key]);

function subscribed(resource: Resource): Subscribed {
  let settle: Subscribed["settle"] | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    settle = (error) => (error ? reject(error) : resolve());
  });
  ready.catch(() => {});
  const one: Subscribed = {
    resource,
    settled: false,
    ready,
    settle(error) {
      one.settled = true;
      settle?.(error);
    },
  };
  return one;
}

/** The stores that a message names: each before its delta, and so in its part of volatile state. */
function storesIn(parts: readonly unknown[]): Set<string> {
  const stores = new Set<string>();
  parts.forEach((part, i) => {
    if (typeof part !== "string") return;
    if (part === TICK) for (const store of storesIn(parts[i + 1] as readonly unknown[])) stores.add(store);
    else if (part !== EFFECTS) stores.add(part);
  });
  return stores;
}
