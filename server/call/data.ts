import { definitionOf } from "../access/access.js";
import { tabPrefix } from "../access/clients.js";
import { type Definition, hostId, keyOf, type Models } from "../definition/scope.js";
import type { SeenTask } from "../durable/seen-task.js";
import type { Hosts } from "../host/hosts.js";
import type { Nodes } from "../nodes/nodes.js";
import type { SeenSchedule } from "../schedule/schedules.js";
import { type MigrationFailure, type MigrationReport, rewritten } from "../storage/migration.js";
import { fold } from "../storage/records.js";
import type { Storage } from "../storage/storage.js";
import { building } from "../task/building.js";
import { deleteHost, onHost } from "./host-tasks.js";
import type { SeenStore } from "./instance-views.js";

/** The owner of data: a user, by the context's `user.id`, or a session, by its id. */
export type Whose = { readonly user: string } | { readonly session: string };

/** The stored state of one store. */
export interface ExportedStore {
  readonly store: string;
  /** The user's, session's or tab's id. Of a keyed tab store: the tab's id, `/`, and the key. */
  readonly key: string;
  readonly state: object;
  /** The schedules of its events; missing where there are none. */
  readonly schedules?: readonly SeenSchedule[];
  /** Its durable events that go on, or have failed; missing where there are none. */
  readonly tasks?: readonly SeenTask[];
}

/** The options of `keys`. */
export interface KeysOptions {
  /** Only the keys that begin with this. */
  prefix?: string;
  /** How many there are at most. @default all */
  limit?: number;
}

interface Server {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly models: Models;
  readonly storage: Storage;
  readonly hosts: Hosts;
  readonly nodes: Nodes | undefined;
}

/** Gives server code access to stored data. */
export class Data {
  readonly #server: Server;
  #readers = 0;

  constructor(server: Server) {
    this.#server = server;
  }

  /** The committed state of a store, as a plain view. */
  async snapshot(store: string, key: string): Promise<SeenStore> {
    const { definitions } = this.#server;
    const rest = this.reading();
    try {
      return await onHost(this.#server, hostId(definitionOf(definitions, store).kind, key), "snapshot", store);
    } finally {
      await rest();
    }
  }

  /** Notes that stored data is read, until the returned function is called. The processes of a build hold no file for longer, as they would from each other. */
  reading(): () => Promise<void> {
    this.#readers++;
    return async () => {
      if (--this.#readers === 0 && building()) await this.#server.storage.rest?.();
    };
  }

  /** The keys of the scope instances in which a store has been, each once; with `live`, of those in which somebody watches it, at any node. */
  async *keys(store: string, { live = false, prefix = "" }: Omit<KeysOptions, "limit"> & { live?: boolean } = {}): AsyncGenerator<string, void, undefined> {
    const { definitions, hosts, nodes, storage } = this.#server;
    const begin = hostId(definitionOf(definitions, store).kind, prefix);
    if (live) return yield* new Set([...this.watched(store, prefix), ...((await nodes?.work.watched(store, prefix)) ?? [])]);
    const told = new Set<string>();
    for (const { id, key } of hosts.live.filter((host) => host.id.startsWith(begin) && host.touched && has(host.stores, store))) {
      told.add(id);
      yield key;
    }
    for await (const { id, stores } of storage.list(begin)) if (!told.has(id) && stores.includes(store)) yield keyOf(id);
  }

  /** The keys of this node's scope instances in which somebody watches a store. */
  watched(store: string, prefix: string): string[] {
    const { definitions, hosts } = this.#server;
    const begin = hostId(definitionOf(definitions, store).kind, prefix);
    return hosts.live.filter((host) => host.id.startsWith(begin) && host.watchers.watches(store)).map(({ key }) => key);
  }

  /** Deletes a room with all its stores. */
  async delete(key: string): Promise<void> {
    await deleteHost(this.#server, hostId("room", key));
  }

  /** Gives all stored data of a user or a session, tabs included, with private fields. */
  async export(whose: Whose): Promise<ExportedStore[]> {
    const exported: ExportedStore[] = [];
    for (const id of await this.#idsOf(whose)) exported.push(...(await onHost(this.#server, id, "exported")));
    return exported;
  }

  /** Deletes the data of a user or a session. Its watchers see the stores begin again. */
  async erase(whose: Whose): Promise<void> {
    for (const id of await this.#idsOf(whose)) await deleteHost(this.#server, id, true);
  }

  async #idsOf(whose: Whose): Promise<string[]> {
    if ("user" in whose) return [hostId("user", String(whose.user))];
    const { hosts, storage } = this.#server;
    const tabs = new Set<string>();
    for (const kind of ["tab", "keyed-tab"] as const) {
      const prefix = hostId(kind, tabPrefix(whose.session));
      for (const { id } of hosts.live) if (id.startsWith(prefix)) tabs.add(id);
      for await (const { id } of storage.list(prefix)) tabs.add(id);
    }
    return [hostId("session", whose.session), ...tabs];
  }

  /** Brings all stored data to the versions of its classes, or only checks whether that can be done. */
  async migrate(dryRun: boolean): Promise<MigrationReport> {
    const { definitions, hosts, models, storage } = this.#server;
    const report = { records: 0, migrated: 0, failed: [] as MigrationFailure[] };
    for await (const { id } of storage.list("")) {
      report.records++;
      try {
        const loaded = await storage.load(id);
        const failed = (store: string, error: unknown) => report.failed.push({ id, store, error });
        const changed = loaded && (await rewritten(fold(loaded.record, loaded.tail), definitions, models, failed));
        if (!changed) continue;
        report.migrated++;
        if (!dryRun && !hosts.find(id)) await storage.save(id, changed);
      } catch (error) {
        report.failed.push({ id, store: undefined, error });
      }
    }
    return report;
  }
}

const has = (stores: Iterable<string>, store: string) => [...stores].includes(store);
