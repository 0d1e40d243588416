import { randomUUID } from "node:crypto";
import { fenced } from "../../lib/errors/node-errors.js";
import { laterFormat } from "../../lib/errors/storage-errors.js";
import type { Claim, Lease, NodeFacts, NodeMember, NodeStorage } from "./nodes.js";
import { FORMAT } from "./packed.js";
import type { PostgresLine } from "./postgres-line.js";
import { PostgresMessages } from "./postgres-messages.js";
import type { PostgresRecords } from "./postgres-records.js";

/** A process as one of the nodes that share a PostgreSQL. */
export class PostgresNodes implements NodeStorage {
  readonly node: string;
  readonly format = FORMAT;
  readonly #line: PostgresLine;
  readonly #records: PostgresRecords;
  readonly #messages: PostgresMessages;
  #lease = 0;

  constructor(line: PostgresLine, node: string, records: PostgresRecords) {
    this.node = node;
    this.#line = line;
    this.#records = records;
    this.#messages = new PostgresMessages(line, node);
  }

  async join({ lease, versions }: NodeFacts): Promise<void> {
    await this.#messages.listen();
    const life = randomUUID();
    await this.#line.run("join", [this.node, life, JSON.stringify({ format: FORMAT, lease, versions }), lease]);
    this.#records.life = life;
    this.#lease = lease;
    void this.#line.run("sweep", []).catch(() => {});
  }

  async renew(): Promise<boolean> {
    const [lives] = await Promise.all([this.#line.run("renew", [this.#records.life, this.#lease]), this.#messages.listen()]);
    return lives.length > 0;
  }

  async leave(): Promise<void> {
    await this.#line.run("leave", [this.#records.life]);
  }

  async alive(): Promise<readonly NodeMember[]> {
    const rows = await this.#line.run("alive", []);
    return rows.map(([node, left, facts]) => ({
      node: String(node),
      left: Number(left),
      ...(JSON.parse(String(facts)) as Omit<NodeMember, "node" | "left">),
    }));
  }

  async claim(id: string): Promise<Claim> {
    const [row] = await this.#line.run("claim", [Buffer.from(id), this.#records.life, FORMAT]);
    const [lives, fence, owner, format] = row as [string, string | null, string | null, number | null];
    if (lives === "0") throw fenced(id);
    if (fence !== null) return { fence: Number(fence), loaded: await this.#records.take(id, Number(fence)) };
    if (Number(format) > FORMAT) throw laterFormat(id, format);
    // It is given back, or its owner dies, at this moment.
    return owner === null ? this.claim(id) : { owner };
  }

  async release(leases: readonly Lease[]): Promise<void> {
    for (const { id, fence } of leases) this.#records.forget(id, fence);
    await this.#line.run("release", [this.#records.life, leases.map(({ id }) => Buffer.from(id)), leases.map(({ fence }) => fence)]);
  }

  async duty(name: string): Promise<boolean> {
    return (await this.#line.run("duty", [name, this.#records.life])).length > 0;
  }

  send(node: string, message: string): void {
    this.#messages.send(node, message);
  }

  onMessage(take: (message: string, from: string) => void): void {
    this.#messages.onMessage(take);
  }

  rest(): Promise<void> {
    return this.#messages.rest();
  }
}
