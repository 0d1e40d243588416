import { createHmac, randomBytes } from "node:crypto";
import { crowded, unavailable } from "../../lib/errors/errors.js";
import { fold } from "../storage/records.js";
import type { LoadedHost } from "../storage/storage.js";
import { Host } from "./host.js";
import type { World } from "./world.js";

interface Slot {
  readonly ready: Promise<Host>;
  host?: Host;
  /** How many calls, watchers and readers need it in memory. */
  uses: number;
  idle?: NodeJS.Timeout;
  closing?: Promise<void>;
}

/** How many deleted hosts are remembered, to tell their next life from the last. */
const MOST_LIVES = 10_000;

/** The live hosts. They are made on demand; unused ones leave memory, at once where nothing has ever changed. */
export class Hosts {
  readonly #world: World;
  readonly #slots = new Map<string, Slot>();
  /** The seed of the incarnations of hosts that are not stored: the same host has the same one each time. */
  readonly #origin = randomBytes(16);
  /** Tells the lives of deleted hosts apart. */
  readonly #lives = new Map<string, string>();

  /** How many are being closed. */
  #leaving = 0;

  constructor(world: World) {
    this.#world = world;
  }

  get size(): number {
    return this.#slots.size;
  }

  get live(): Host[] {
    return [...this.#slots.values()].flatMap(({ host }) => host ?? []);
  }

  find(id: string): Host | undefined {
    return this.#slots.get(id)?.host;
  }

  /** The host, which stays in memory until it is released. */
  async use(id: string): Promise<Host> {
    this.#world.scheduler.start();
    for (;;) {
      let slot = this.#slots.get(id);
      if (!slot) {
        this.#makeRoom();
        slot = this.#load(id);
      }
      if (slot.closing) {
        await slot.closing;
        continue;
      }
      slot.uses++;
      clearTimeout(slot.idle);
      return slot.ready;
    }
  }

  /** Clients are about to get a tick of some host. */
  get ticking(): boolean {
    for (const { host } of this.#slots.values()) if (host?.ticks.wanted) return true;
    return false;
  }

  /** Runs something with the host, which stays in memory meanwhile. */
  async using<R>(id: string, run: (host: Host) => Promise<R>): Promise<R> {
    const host = await this.use(id);
    try {
      return await run(host);
    } finally {
      this.release(host);
    }
  }

  /** Runs something with the host. One that was not in memory leaves it right after. */
  async passing<R>(id: string, run: (host: Host) => Promise<R>): Promise<R> {
    const stays = this.#slots.has(id);
    const host = await this.use(id);
    try {
      return await run(host);
    } finally {
      this.release(host, stays);
    }
  }

  /**
   * Lets those go that nobody uses, when there are as many as there may be.
   * @throws EventError `UNAVAILABLE` when all are used.
   */
  #makeRoom(): void {
    const { maxHosts } = this.#world.limits;
    if (this.#slots.size < maxHosts) return;
    let wanted = Math.ceil(maxHosts / 100);
    for (const slot of this.#slots.values()) {
      if (slot.uses > 0 || !slot.host || slot.closing) continue;
      void this.#evict(slot, slot.host);
      if (--wanted === 0) break;
    }
    if (this.#slots.size - this.#leaving >= maxHosts) throw crowded();
  }

  #load(id: string): Slot {
    const slot: Slot = { ready: this.#make(id), uses: 0 };
    this.#slots.set(id, slot);
    slot.ready.then(
      (host) => {
        slot.host = host;
      },
      () => this.#slots.delete(id),
    );
    return slot;
  }

  async #make(id: string): Promise<Host> {
    const loaded = await this.#read(id);
    const incarnation = createHmac("sha256", this.#origin)
      .update(`${this.#lives.get(id) ?? ""}${id}`)
      .digest("base64url")
      .slice(0, 16);
    const host = new Host(this.#world, id, incarnation, loaded && fold(loaded.record, loaded.tail));
    await host.prepare();
    return host;
  }

  async #read(id: string, again = true): Promise<LoadedHost | undefined> {
    try {
      return await this.#world.storage.load(id);
    } catch (error) {
      this.#world.report("error", error);
      this.endLife(id);
      // A damaged record is set aside: the host begins without it.
      if (again && (error as { code?: unknown }).code === "DAMAGED") return this.#read(id, false);
      throw unavailable();
    }
  }

  /** A host that comes back under a deleted id has another incarnation. */
  endLife(id: string): void {
    this.#lives.delete(id);
    this.#lives.set(id, randomBytes(8).toString("base64url"));
    for (const oldest of this.#lives.keys()) {
      if (this.#lives.size <= MOST_LIVES) break;
      this.#lives.delete(oldest);
    }
  }

  pin(host: Host): () => void {
    const slot = this.#slots.get(host.id);
    if (slot?.host === host) {
      slot.uses++;
      clearTimeout(slot.idle);
    }
    return () => this.release(host);
  }

  /** `stays`: it stays in memory for a while, if it has something to keep. */
  release(host: Host, stays = true): void {
    const slot = this.#slots.get(host.id);
    if (slot?.host !== host || --slot.uses > 0) return;
    if (!(stays && host.touched) && !host.awaits) return void this.#evict(slot, host);
    slot.idle = setTimeout(() => void this.#evict(slot, host), this.#world.limits.idle);
    slot.idle.unref();
  }

  #evict(slot: Slot, host: Host): Promise<void> {
    clearTimeout(slot.idle);
    if (slot.closing) return slot.closing;
    this.#leaving++;
    slot.closing = this.#end(host).finally(() => {
      this.#leaving--;
      if (this.#slots.get(host.id) !== slot) return;
      this.#slots.delete(host.id);
      this.#world.scheduler.forget(host.id);
    });
    return slot.closing;
  }

  async #end(host: Host): Promise<void> {
    try {
      const { storage } = this.#world;
      const record = await host.close();
      if (!host.touched) return;
      if (storage.durable) await storage.touch([host.id]);
      else await storage.save(host.id, record);
    } catch (error) {
      this.#world.report("error", error);
    }
  }

  /** Forgets a live host without keeping what it holds. */
  discard(host: Host): void {
    const slot = this.#slots.get(host.id);
    if (slot?.host !== host) return;
    clearTimeout(slot.idle);
    this.#slots.delete(host.id);
    this.#world.scheduler.forget(host.id);
    host.shelf.dispose();
  }

  /** Forgets a host and all that is kept of it. What comes back under its id is another incarnation. */
  async delete(id: string): Promise<Host> {
    const host = await this.use(id);
    await host.delete();
    await this.#world.storage.delete(id);
    this.endLife(id);
    this.discard(host);
    return host;
  }

  /** Takes all hosts out of memory, and keeps what there is to keep. */
  async close(): Promise<void> {
    await Promise.all([...this.#slots.values()].map(async (slot) => this.#evict(slot, await slot.ready)));
  }
}
