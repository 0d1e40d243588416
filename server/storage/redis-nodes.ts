import { type StateError, unavailable } from "../../lib/errors/errors.js";
import { fenced } from "../../lib/errors/node-errors.js";
import { laterFormat } from "../../lib/errors/storage-errors.js";
import { pause } from "../task/pause.js";
import type { Claim, Lease, NodeFacts, NodeMember, NodeStorage } from "./nodes.js";
import { FORMAT } from "./packed.js";
import type { RedisLine, Reply } from "./redis-line.js";
import { pairs, type RedisRecords } from "./redis-records.js";

/** The message that asks a node to say what it knows. */
const NOTE = "";
/** Takes the place of the name of a Redis that has forgotten everything. */
const FORGOTTEN = "forgotten";
/** Pauses before a claim is tried again that waits for other nodes, in ms: at first, and at most; and how long it waits beyond the lease time. */
const FIRST_PAUSE = 10;
const LONGEST_PAUSE = 100;
const LATE = 500;

/** A process as one of the nodes that share a Redis. */
export class RedisNodes implements NodeStorage {
  readonly node: string;
  readonly format = FORMAT;
  readonly #line: RedisLine;
  readonly #prefix: string;
  readonly #records: RedisRecords;
  #life = "";
  #lease = 0;
  #take: ((message: string, from: string) => void) | undefined;
  #lost: ((ids: readonly string[]) => void) | undefined;
  /** The Redis (its replication id) to which this node has said what it knows. */
  #server = "";
  #noting: Promise<boolean> | undefined;

  constructor(line: RedisLine, prefix: string, node: string, records: RedisRecords) {
    this.node = node;
    this.#line = line;
    this.#prefix = prefix;
    this.#records = records;
  }

  async join({ lease, versions }: NodeFacts): Promise<void> {
    // What this node says to itself shows that it may speak.
    await this.#line.listen(this.#channel(this.node), (message) => this.#hear(message), `${this.node}\n`);
    const facts = JSON.stringify({ format: FORMAT, lease, versions });
    const [life, server] = (await this.#line.run("join", [], [this.#prefix, this.node, facts, lease])) as [string, string];
    this.#life = life;
    this.#records.leaveAll();
    this.#lease = lease;
    if (server !== this.#server) await this.#note(server);
  }

  async renew(): Promise<boolean> {
    const [lives, server] = (await this.#line.run("renew", [], [this.#prefix, this.node, this.#life, this.#lease])) as [number, string];
    if (lives === 1 && server !== this.#server) void this.#note(server).catch(() => {});
    return lives === 1;
  }

  // --- another Redis in the place of the one before ---

  onLost(take: (ids: readonly string[]) => void): void {
    this.#lost = take;
  }

  /**
   * Says what this node knows to be stored, where a replica has taken the place of its master, or Redis was restarted: nobody gets a lease before all living
   * nodes have. Gives whether they have.
   */
  #note(server: string): Promise<boolean> {
    this.#noting ??= this.#noted(server).finally(() => {
      this.#noting = undefined;
    });
    return this.#noting;
  }

  async #noted(server: string): Promise<boolean> {
    if (server !== this.#server) {
      const lost = await this.#records.note(this.#server === FORGOTTEN);
      if (lost.length > 0) this.#lost?.(lost);
    }
    const all = (await this.#line.run("noted", [], [this.#prefix, this.node, this.#life, server])) === 1;
    this.#server = server;
    return all;
  }

  /** Has all living nodes say what they know. */
  async #askAll(): Promise<void> {
    for (const { node } of await this.alive()) if (node !== this.node) this.send(node, NOTE);
  }

  async leave(): Promise<void> {
    await this.#line.run("renew", [], [this.#prefix, this.node, this.#life]);
  }

  async alive(): Promise<readonly NodeMember[]> {
    const found = pairs((await this.#line.run("alive", [], [this.#prefix])) as string[]);
    return found.map(([node, text]): NodeMember => {
      const at = text.indexOf(" ");
      return { node, left: Number(text.slice(0, at)), ...(JSON.parse(text.slice(at)) as Omit<NodeMember, "node" | "left">) };
    });
  }

  async claim(id: string): Promise<Claim> {
    const until = performance.now() + this.#lease + LATE;
    for (let wait = FIRST_PAUSE; ; wait = Math.min(2 * wait, LONGEST_PAUSE)) {
      const [first, second, lost] = await this.#claimed(id);
      if (first === "owner") return { owner: String(second) };
      if (first === "newer") throw laterFormat(id, Number(second));
      if (first === "changed") {
        // It has forgotten everything.
        if (lost === 1) this.#server = FORGOTTEN;
        if (await this.#note(String(second))) continue;
        if (performance.now() > until) throw unavailable();
        await this.#askAll();
        await pause(wait);
        continue;
      }
      const fence = Number(first);
      return { fence, loaded: await this.#records.take(id, second, fence), ...(Number(lost) > 0 && { lost: Number(lost) }) };
    }
  }

  async #claimed(id: string): Promise<readonly Reply[]> {
    try {
      return (await this.#line.write("claim", this.#records.keys(id), [this.#prefix, id, FORMAT, this.node, this.#life])) as Reply[];
    } catch (error) {
      throw (error as StateError).code === "FENCED" ? fenced(id) : error;
    }
  }

  async release(leases: readonly Lease[]): Promise<void> {
    for (const { id, fence } of leases) this.#records.forget(id, fence);
    await this.#line.run("release", [], [this.#prefix, this.node, ...leases.flatMap(({ id, fence }) => [id, fence])]);
  }

  async duty(name: string): Promise<boolean> {
    return (await this.#line.run("duty", [], [this.#prefix, name, this.node, this.#life])) === 1;
  }

  // --- messages ---

  #channel(node: string): string {
    return `${this.#prefix}to:${node}`;
  }

  send(node: string, message: string): void {
    this.#line.publish(this.#channel(node), `${this.node}\n${message}`);
  }

  onMessage(take: (message: string, from: string) => void): void {
    this.#take = take;
  }

  #hear(text: string): void {
    const end = text.indexOf("\n");
    const [from, message] = [text.slice(0, end), text.slice(end + 1)];
    if (from === this.node) return;
    if (message === NOTE) void this.renew().catch(() => {});
    else this.#take?.(message, from);
  }
}
