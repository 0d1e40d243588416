import { createHmac, randomBytes } from "node:crypto";
import { crowded, isEventError, unavailable } from "../../lib/errors/errors.js";
import { codeOf, fenced, isNewer, newerElsewhere, newerStored } from "../../lib/errors/node-errors.js";
import { isLaterState } from "../storage/migration.js";
import type { NodeMember } from "../storage/nodes.js";
import { compact, fold, type HostState } from "../storage/records.js";
import type { LoadedHost } from "../storage/storage.js";
import { RecentMap } from "../task/recent-map.js";
import { Elsewhere } from "./elsewhere.js";
import { Host } from "./host.js";
import type { Membership } from "./membership.js";
import { isServers } from "./sent-messages.js";
import { incarnationLeft, StoredPositions } from "./stored-positions.js";
import type { World } from "./world.js";

interface Slot {
  readonly ready: Promise<Host>;
  host?: Host;
  /** How many calls, watchers and readers need it in memory. */
  uses: number;
  idle?: NodeJS.Timeout;
  closing?: Promise<void>;
}

/** What the storage has of a host, and the lease of it, where nodes share the storage. */
interface Held {
  readonly state: HostState | undefined;
  readonly fence?: number;
  /** The life of this node in which it was claimed. */
  readonly life?: number;
}

/**
 * How long a node keeps a host that has never changed, in ms. Clients that have been told its incarnation are about to call it, by any node: that one asks here
 * meanwhile. At another node the host would have another incarnation.
 */
const BRIEF = 2000;

/** How many deleted hosts are remembered, to tell their next life from the last. */
const MOST_LIVES = 10_000;

/** The live hosts. They are made on demand; unused ones leave memory, at once where nothing has ever changed. */
export class Hosts {
  readonly #world: World;
  readonly #slots = new Map<string, Slot>();
  /** The seed of the incarnations of hosts that are not stored: the same host has the same one each time. */
  readonly #origin = randomBytes(16);
  /** Tells the lives of deleted hosts apart. */
  readonly #lives = new RecentMap<string, string>(MOST_LIVES);

  /** How many are being closed. */
  #leaving = 0;
  readonly #positions = new StoredPositions();
  /** What was reported to be of a later release. */
  readonly #refused = new Set<string>();

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

  /**
   * The host, which stays in memory until it is released.
   * @throws Elsewhere where another node has it
   */
  async use(id: string): Promise<Host> {
    this.#world.scheduler.start();
    this.#world.membership?.check();
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
      return slot.host ?? slot.ready;
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
    const { state, fence, life } = await this.#read(id);
    const incarnation = createHmac("sha256", this.#origin)
      .update(`${this.#lives.get(id) ?? ""}${id}`)
      .digest("base64url")
      .slice(0, 16);
    const host = new Host(this.#world, id, incarnation, state, fence);
    await host.prepare();
    if (life !== undefined && life !== this.#world.membership?.life) throw unavailable();
    return host;
  }

  async #read(id: string, again = true): Promise<Held> {
    const { membership, storage } = this.#world;
    try {
      if (membership) return await this.#claim(membership, id);
      const loaded = await storage.load(id);
      return { state: loaded && fold(loaded.record, loaded.tail) };
    } catch (error) {
      if (isEventError(error)) throw error;
      if (isNewer(error)) return this.#refuseLater(id, ({ format }) => format > (membership?.nodes.format ?? Infinity));
      this.#world.report("error", error);
      this.endLife(id);
      // A damaged record is set aside: the host begins without it.
      if (again && codeOf(error) === "DAMAGED") return this.#read(id, false);
      throw unavailable();
    }
  }

  /**
   * Claims a host, and takes it unless a later release has written it.
   * @throws Elsewhere
   */
  async #claim(membership: Membership, id: string): Promise<Held> {
    const claim = await membership.claim(id);
    if ("owner" in claim) throw new Elsewhere(claim.owner);
    const { fence, life, loaded } = claim;
    const state = loaded && fold(loaded.record, loaded.tail);
    if (!state) {
      if (claim.lost) this.#world.lostWrites(id, claim.lost);
      return { state, fence, life };
    }
    if (isLaterState(state, this.#world.definitions)) {
      await membership.release(id, fence);
      return await this.#refuseLater(id, ({ versions }) => [...state.stores].every(([name, { whole }]) => (versions[name] ?? 0) >= whole.version));
    }
    const lost = Math.max(claim.lost ?? 0, this.#positions.lost(id, state));
    return { state: lost > 0 ? await this.#beginAnew(id, loaded, lost, fence) : state, fence, life };
  }

  /** Makes another incarnation of what the storage has left: clients know more of the one before. */
  async #beginAnew(id: string, { record, tail }: LoadedHost, lost: number, fence: number): Promise<HostState> {
    const left = await compact(record, tail);
    const incarnation = incarnationLeft();
    // Clients begin to count anew; messages and events that were cut off are the server's own.
    const numbers = Object.fromEntries(Object.entries(left.numbers).filter(([client]) => isServers(client)));
    const next = { ...left, incarnation, sequence: left.sequence + lost, numbers };
    await this.#world.storage.save(id, next, fence);
    this.#world.lostWrites(id, lost);
    return fold(next, []);
  }

  /** Refuses what a later release has written: a node that reads it may take it. */
  async #refuseLater(id: string, reads: (member: NodeMember) => boolean): Promise<never> {
    const reader = (await this.#world.membership?.alive())?.find(reads);
    if (reader) throw new Elsewhere(reader.node);
    if (!this.#refused.has(id)) this.#world.report("warn", newerStored(id));
    this.#refused.add(id);
    throw newerElsewhere();
  }

  /** A host that comes back under a deleted id has another incarnation. */
  endLife(id: string): void {
    this.#lives.set(id, randomBytes(8).toString("base64url"));
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
    const { limits, membership } = this.#world;
    const lasts = (stays && host.touched) || host.awaits;
    if (!lasts && !(stays && membership)) return void this.#evict(slot, host);
    slot.idle = setTimeout(() => void this.#evict(slot, host), lasts ? limits.idle : Math.min(limits.idle, BRIEF));
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
    const { membership, storage } = this.#world;
    try {
      const record = await host.close();
      if (!host.touched) return;
      if (storage.durable) await storage.touch([host.id]);
      else await storage.save(host.id, record);
      if (membership) this.#left(host);
    } catch (error) {
      this.#world.report("error", error);
    } finally {
      await membership?.release(host.id, host.fence);
      // Other nodes follow it still, where this one closes: they look for the next owner.
      if (membership) host.watchers.lead();
    }
  }

  /** Another node may have the host next, which may also delete it, and begin anew. */
  #left(host: Host): void {
    this.endLife(host.id);
    this.#positions.note(host);
  }

  /** Forgets all hosts, or some: another node may have them now. */
  lose(ids?: readonly string[]): void {
    for (const host of ids ? ids.flatMap((id) => this.find(id) ?? []) : this.live) host.commits.break(fenced(host.id));
  }

  /** Forgets a live host without keeping what it holds. */
  discard(host: Host): void {
    const slot = this.#slots.get(host.id);
    if (slot?.host !== host) return;
    clearTimeout(slot.idle);
    this.#slots.delete(host.id);
    this.#world.scheduler.forget(host.id);
    host.shelf.dispose();
    const { membership } = this.#world;
    if (membership) this.#left(host);
    void membership?.release(host.id, host.fence);
  }

  /** Forgets a host and all that is kept of it. What comes back under its id is another incarnation. */
  async delete(id: string): Promise<Host> {
    const host = await this.use(id);
    await host.delete();
    await this.#world.storage.delete(id, host.fence);
    this.endLife(id);
    this.discard(host);
    return host;
  }

  /** Takes all hosts out of memory, and keeps what there is to keep. */
  async close(): Promise<void> {
    const evicted = Array.from(this.#slots.values(), async (slot) => {
      // One that cannot be loaded is not in memory.
      const host = await slot.ready.catch(() => undefined);
      if (host) await this.#evict(slot, host);
    });
    await Promise.all(evicted);
  }
}
