import { unavailable } from "../../lib/errors/errors.js";
import { cannotJoin, isFenced, shortLease } from "../../lib/errors/node-errors.js";
import type { Claim, Lease, NodeFacts, NodeMember, NodeStorage } from "../storage/nodes.js";
import type { Report } from "../wire/error-shape.js";

/** The share of the lease time by which a node counts its leases as lost before others can take them. */
const MARGIN = 0.1;
/** The shortest lease time, in ms: in less a node cannot surely renew. */
const SHORTEST = 100;

interface Server {
  readonly nodes: NodeStorage;
  readonly report: Report;
  facts(): NodeFacts;
  /** This node has become a member. */
  joined(): void;
}

/** This process as one of the nodes that share a storage: it lives as long as it renews its membership. */
export class Membership {
  readonly nodes: NodeStorage;
  readonly #server: Server;
  readonly #losses = new Set<() => void>();
  /** Counts the lives: a lease belongs to one of them. */
  #life = 0;
  #facts: NodeFacts;
  /** The time until which nobody else can have taken what this node has, by the monotonic clock. Missing while it is no member. */
  #until: number | undefined;
  #joining: Promise<void> | undefined;
  /** The life in which an answer to `renew` is awaited: a storage may never give it. */
  #renewing: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** The log has it that the storage does not answer. */
  #reported = false;
  #returned: Lease[] = [];
  #returning: Promise<void> | undefined;

  constructor(server: Server) {
    this.#server = server;
    this.nodes = server.nodes;
    this.#facts = server.facts();
    if (this.lease < SHORTEST) throw shortLease(this.lease, SHORTEST);
  }

  /** The id of this node. */
  get node(): string {
    return this.nodes.node;
  }

  /** The lease time, in ms. */
  get lease(): number {
    return this.#facts.lease;
  }

  /** The life of this node that goes on. What was claimed in another one is lost. */
  get life(): number {
    this.check();
    return this.#life;
  }

  /** Sets what is called, at once, when all leases are lost. Returns what takes it back. */
  onLost(run: () => void): () => void {
    this.#losses.add(run);
    return () => this.#losses.delete(run);
  }

  /** Notices, as after a time in which the process stood still, that the leases are lost. */
  check(): void {
    if (this.#until !== undefined && performance.now() >= this.#until) this.#lose();
  }

  /**
   * Becomes a member, if this node is none.
   * @throws EventError `UNAVAILABLE` where the storage cannot be reached
   */
  async enter(): Promise<void> {
    this.check();
    if (this.#until !== undefined) return;
    if (this.#closed) throw unavailable();
    this.#joining ??= this.#join().finally(() => {
      this.#joining = undefined;
    });
    await this.#joining;
  }

  async #join(): Promise<void> {
    const asked = performance.now();
    this.#facts = this.#server.facts();
    this.#arm(this.lease / 3);
    try {
      await this.nodes.join(this.#facts);
    } catch (error) {
      this.#complain(error);
      throw unavailable();
    }
    if (!this.#extend(asked)) throw unavailable();
    this.#server.joined();
  }

  /** Counts the lease time from when the storage was asked: its own clock began later. */
  #extend(asked: number): boolean {
    const until = asked + this.lease * (1 - MARGIN);
    if (this.#closed || performance.now() >= until) return false;
    this.#until = until;
    this.#reported = false;
    return true;
  }

  #arm(wait: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#ring(), wait);
    this.#timer.unref();
  }

  #ring(): void {
    this.check();
    this.#arm(Math.min(this.lease / 3, Math.max(0, (this.#until ?? Infinity) - performance.now())));
    if (this.#until === undefined) void this.enter().catch(() => {});
    else if (this.#renewing !== this.#life) void this.#renew();
  }

  async #renew(): Promise<void> {
    const [asked, life] = [performance.now(), this.#life];
    this.#renewing = life;
    try {
      const renewed = await this.nodes.renew();
      if (life !== this.#life || this.#until === undefined) return;
      if (!renewed || !this.#extend(asked)) this.#lose();
    } catch (error) {
      this.#complain(error);
    } finally {
      if (this.#renewing === life) this.#renewing = undefined;
    }
  }

  #complain(error: unknown): void {
    if (this.#reported || this.#closed) return;
    this.#reported = true;
    this.#server.report("error", cannotJoin(error));
  }

  #lose(): void {
    this.#until = undefined;
    this.#life++;
    this.#returned = [];
    for (const run of [...this.#losses]) run();
  }

  // --- what belongs to members ---

  /** The living nodes. */
  async alive(): Promise<readonly NodeMember[]> {
    await this.enter();
    return this.nodes.alive();
  }

  async claim(id: string): Promise<Claim & { readonly life: number }> {
    await this.enter();
    const life = this.#life;
    const claim = await this.nodes.claim(id).catch((error: unknown) => {
      if (!isFenced(error)) throw error;
      if (life === this.#life) this.#lose();
      throw unavailable();
    });
    if (this.life !== life) throw unavailable();
    return { ...claim, life };
  }

  /** Gives a lease back, with those of the same moment. */
  release(id: string, fence: number | undefined): Promise<void> {
    if (fence === undefined || this.#until === undefined) return Promise.resolve();
    this.#returned.push({ id, fence });
    this.#returning ??= new Promise((resolve) => setImmediate(resolve)).then(async () => {
      this.#returning = undefined;
      const leases = this.#returned;
      this.#returned = [];
      // What cannot be given back is over when this node's life is.
      if (leases.length > 0) await this.nodes.release(leases).catch((error: unknown) => this.#complain(error));
    });
    return this.#returning;
  }

  async duty(name: string): Promise<boolean> {
    await this.enter();
    return this.nodes.duty(name);
  }

  /** Ends the membership: others may take at once what this node has not given back. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#returning;
    const member = this.#until !== undefined;
    this.#until = undefined;
    if (member) await this.nodes.leave().catch((error: unknown) => this.#server.report("error", error));
  }
}
