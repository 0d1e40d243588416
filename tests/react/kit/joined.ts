import type { Client } from "../../../client/client.js";
import { ClientCall } from "../../../client/client-call.js";
import type { BrowserClasses } from "../../../client/options.js";
import type { PresenceWorld } from "../../../client/presence.js";
import { createCell, createStatus } from "../../../client/status.js";
import { LiveTwin, type TwinWorld } from "../../../client/twin.js";
import type { Visiting } from "../../../client/visitor.js";
import { describeClass, type WireSchema } from "../../../lib/class/schema.js";
import { EventError } from "../../../lib/errors/errors.js";
import type { InstanceNode } from "../../../lib/graph/instance.js";
import { type Node, nodeOf } from "../../../lib/graph/node.js";
import { Signal } from "../../../lib/graph/signal.js";
import { applyDelta, applyTick } from "../../../lib/mirror/mirror.js";
import { createStore, type Store, type StoreOptions } from "../../../lib/store/store.js";
import type { Encoded, WireDelta } from "../../../lib/wire/codec.js";
import { decodeValue } from "../../../lib/wire/value-codec.js";
import type { PreloadData, PreloadedStore } from "../../../server/call/preload.js";

type Events = Record<string, (...args: readonly unknown[]) => unknown>;
type Models = NonNullable<StoreOptions["models"]>;

/** What would have crossed the wire. */
const sent = <T>(value: T): T => JSON.parse(JSON.stringify(value));

/** Takes a delta: of a commit, or of the volatile state. */
type Follower = (delta: WireDelta, volatile?: boolean) => void;

/** One real store, with the revisions of its host. */
export class Source<T extends object> {
  readonly name: string;
  readonly key: string | null;
  readonly instance: T;
  readonly models: Models;
  revision = 1;
  readonly #store: Store;
  readonly #followers = new Set<Follower>();

  constructor(name: string, instance: T, key: string | null = null, models: Models = {}) {
    this.name = name;
    this.key = key;
    this.instance = instance;
    this.models = models;
    this.#store = createStore({ name, instance, models });
    this.#store.watch();
  }

  /** Commits a change, and sends its delta to those who follow. */
  run<R>(change: (instance: T) => R): R {
    const result = change(this.instance);
    const delta = this.#store.commit();
    this.#store.endTurn();
    if (delta) {
      this.revision++;
      for (const follower of this.#followers) follower(sent(delta));
    }
    return result;
  }

  /** What the server does for a tab that comes, shows something of itself, or goes. */
  people(id: string, person: object | undefined): void {
    this.#store.show("people", id, person && { id, ...person });
    this.#store.tick();
    const delta = this.#store.tickDelta();
    if (delta) for (const follower of this.#followers) follower(sent(delta), true);
  }

  /** Runs an event of the store, or of the instance in it that has the number of `node`. */
  call({ className, id }: InstanceNode, event: string, args: readonly unknown[]): unknown {
    if (!className) return this.run((instance) => (instance as Events)[event]?.(...args));
    const instance = this.#nodes().find((node) => node.id === id)?.live as Events | undefined;
    if (!instance) throw new EventError("GONE", `\`${event}\` of an instance that is gone.`);
    return this.run(() => instance[event.slice(className.length + 1)]?.(...args));
  }

  #nodes(): Node[] {
    const found = new Set([nodeOf(this.instance) as Node]);
    for (const node of found) node.children((child) => void found.add(child));
    return [...found];
  }

  preloaded(): PreloadedStore {
    const snapshot = sent(this.#store.snapshot());
    const volatile = this.#store.volatile();
    return { store: this.name, key: this.key, incarnation: "i", revision: this.revision, snapshot, ...(volatile && { volatile: sent(volatile) }) };
  }

  follow(follower: Follower): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  get followers(): number {
    return this.#followers.size;
  }
}

export interface Joined extends Client {
  /** Twins have their state from the first; otherwise when {@link deliver} is called. */
  prompt: boolean;
  /** Answers those who wait. */
  deliver(): void;
  /** Whether a twin is watched. */
  watches(store: string, key?: string): boolean;
  refuse(store: string, key: string | null, error: EventError): void;
  readonly status: ReturnType<typeof createStatus>;
  /** How many twins it has. */
  readonly size: number;
  /** What the page has shown of its tab, in order. */
  readonly shown: unknown[];
}

/** This tab, as lists of people name it: by hashes of its session and its id. */
export const ME = "session-tagOPEUCalLgp6";

/** Real twins of real stores, with no network between. */
export const join = (...sources: Source<any>[]): Joined => joinKnowing({}, ...sources);

/** As {@link join}, in a browser that has classes of the stores. */
export function joinKnowing(known: BrowserClasses, ...sources: Source<any>[]): Joined {
  const schema: WireSchema = {
    hash: "",
    stores: Object.fromEntries(sources.map(({ name, instance }) => [name, { scope: "session", ...describeClass(instance.constructor) }])),
    models: Object.fromEntries(sources.flatMap(({ models }) => Object.entries(models).map(([name, Class]) => [name, describeClass(Class)]))),
  };
  const twins = new Map<string, LiveTwin>();
  const following = new Map<LiveTwin, () => void>();
  const waiting = new Set<LiveTwin>();
  const effects = new Signal<[name: string, args: readonly unknown[]]>();
  const failures = new Set<(error: EventError) => void>();
  const sourceOf = ({ store, key }: { store: string; key: string | null }) => sources.find((one) => one.name === store && one.key === key) as Source<any>;

  function follow(twin: LiveTwin): void {
    if (following.has(twin) || twin.state === "refused") return;
    const source = sourceOf(twin);
    const { incarnation, revision, snapshot, volatile } = source.preloaded() as Extract<PreloadedStore, { snapshot: unknown }>;
    if (twin.at?.[1] !== revision) twin.snapshot([incarnation, revision], snapshot as never, 0, volatile as never);
    twin.synced = true;
    twin.onSynced?.();
    following.set(
      twin,
      source.follow((delta, volatile) => twin.frame([incarnation, source.revision], () => (volatile ? applyTick : applyDelta)(twin.mirror, delta))),
    );
  }

  const world: TwinWorld = {
    url: "/api/twin",
    server: { schema },
    linger: 0,
    known,
    begin(twin, event, node) {
      const { call, resolve, reject } = ClientCall.open(
        () => {},
        (error) => {
          for (const listener of failures) listener(error);
        },
      );
      return {
        call,
        drop: reject,
        show() {},
        send(args) {
          try {
            const given = "fields" in args ? [...args.bound, ...args.fields.map(([, value]) => value)] : args;
            resolve(sourceOf(twin).call(node, event, given));
          } catch (error) {
            reject(error);
          }
        },
      };
    },
    watch(twin) {
      if (joined.prompt) follow(twin);
      else waiting.add(twin);
    },
    forget(twin) {
      waiting.delete(twin);
      following.get(twin)?.();
      following.delete(twin);
      twins.delete(JSON.stringify([twin.store, twin.key]));
    },
  };

  function twinAt(store: string, key: string | null = null, prompt = false): LiveTwin {
    const address = JSON.stringify([store, key]);
    let twin = twins.get(address);
    if (!twin) {
      twin = new LiveTwin(world, store, key);
      twins.set(address, twin);
      if (prompt) follow(twin);
    }
    return twin;
  }

  const shown: unknown[] = [];
  const presenceWorld: PresenceWorld = {
    connection: { epoch: 1, id: "a-tab-of-22-characters.page" },
    server: { session: "session-tag-of-it" },
    twins,
    trpc: {
      async mutation(_path, input) {
        const { store, key = null, value } = input as { store: string; key?: string; value?: Encoded };
        const own = value && (decodeValue(value) as object);
        shown.push(own);
        sourceOf({ store, key }).people(ME, { name: "me", ...own });
      },
    },
    unheard() {},
  };

  const joined: Joined = {
    parts: { ...presenceWorld, effects, unheard: (error) => failures.forEach((listener) => void listener(error)) },
    shown,
    prompt: true,
    status: createStatus(),
    visitor: createCell<Visiting>({}),
    get size() {
      return twins.size;
    },
    deliver() {
      for (const twin of waiting) follow(twin);
      waiting.clear();
    },
    watches: (store, key = undefined) => [...following.keys(), ...waiting].some((twin) => twin.store === store && twin.key === (key ?? null)),
    refuse(store, key, error) {
      twinAt(store, key).refuse(error);
    },
    twin: (store, key) => twinAt(store, key, joined.prompt),
    preload(state: PreloadData) {
      joined.visitor.update({ text: JSON.stringify(state.visitor) });
      for (const one of state.stores) {
        if ("refused" in one) joined.refuse(one.store, one.key, new EventError(one.refused[0] as "FORBIDDEN", one.refused[1]));
        else {
          const twin = twinAt(one.store, one.key);
          if (twin.fill([one.incarnation, one.revision], one.snapshot as never, undefined, one.volatile as never)) twin.rendered();
        }
      }
    },
    onError(listener) {
      failures.add(listener);
      return () => failures.delete(listener);
    },
    onEffect: effects.subscribe,
    close() {},
  };
  return joined;
}

/** What `twin.preload()` would give a page. */
export const preload = (...sources: Source<any>[]) =>
  ({ schema: { hash: "", stores: {}, models: {} }, session: "s", stores: sources.map((source) => source.preloaded()) }) as never;
