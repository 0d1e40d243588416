import type { StateError } from "../../lib/errors/errors.js";
import { fenced } from "../../lib/errors/node-errors.js";
import { laterFormat } from "../../lib/errors/storage-errors.js";
import type { Claim, Lease, NodeFacts, NodeMember, NodeStorage } from "./nodes.js";
import { FORMAT } from "./packed.js";
import type { RedisLine, Reply } from "./redis-line.js";
import { pairs, type RedisRecords } from "./redis-records.js";

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

  constructor(line: RedisLine, prefix: string, node: string, records: RedisRecords) {
    this.node = node;
    this.#line = line;
    this.#prefix = prefix;
    this.#records = records;
  }

  async join({ lease, versions }: NodeFacts): Promise<void> {
    await this.#line.listen(this.#channel(this.node), (message) => this.#hear(message));
    const facts = JSON.stringify({ format: FORMAT, lease, versions });
    this.#life = String(await this.#line.run("join", [], [this.#prefix, this.node, facts, lease]));
    this.#lease = lease;
  }

  async renew(): Promise<boolean> {
    return (await this.#line.run("renew", [], [this.#prefix, this.node, this.#life, this.#lease])) === 1;
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
    const [first, second] = await this.#claimed(id);
    if (first === "owner") return { owner: String(second) };
    if (first === "newer") throw laterFormat(id, Number(second));
    const fence = Number(first);
    return { fence, loaded: await this.#records.take(id, second, fence) };
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
    this.#take?.(text.slice(end + 1), text.slice(0, end));
  }
}
