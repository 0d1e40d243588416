import { randomBytes } from "node:crypto";
import { type Child, launch } from "../live/child.ts";
import { MARK } from "../live/clients/reader.ts";
import { note, type Rounds, ratioOf, type Section } from "../live/section.ts";
import { table } from "../report.ts";
import { verdict } from "../table/goals.ts";
import { median } from "../table/run.ts";
import { startRedis } from "./redis-server.ts";

const CALLERS = 100;
const READERS = 1000;

export interface NodesOptions {
  readonly rounds: number;
  readonly short: boolean;
  log(line: string): void;
}

const number = (value: number, digits = 0) => value.toLocaleString("en", { maximumFractionDigits: digits });

/** What several nodes on one Redis cost; nothing where there is no Redis. */
export async function runNodes(options: NodesOptions): Promise<Section[]> {
  const server = await startRedis();
  if (!server) {
    options.log("nodes on Redis: left out, as there is no redis-server");
    return [];
  }
  const nodes: Child[] = [];
  try {
    for (let n = 0; n < 3; n++) nodes.push(await launch("servers/node", { args: [server.url] }));
    return [await rate(nodes[0] as Child, options), await fanout(nodes, options)];
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
    await server.stop();
  }
}

async function rate(node: Child, { rounds: count, short, log }: NodesOptions): Promise<Section> {
  const rounds: Rounds = new Map();
  const { bytes, scripts } = await node.ask<{ bytes: number; scripts: number }>("costs", { callers: CALLERS, events: short ? 200 : 1000 });
  const ms = short ? 1000 : 2000;
  for (let round = 0; round < count; round++) {
    note(rounds, "bare", await node.ask<number>("bare", { callers: CALLERS, ms, bytes }));
    note(rounds, "redis", await node.ask<number>("rate", { callers: CALLERS, ms }));
    log(`redis, round ${round + 1}: ${number(rounds.get("redis")?.at(-1) ?? 0)} events a second, ${number(rounds.get("bare")?.at(-1) ?? 0)} bare scripts`);
  }
  const of = (kind: string) => number(median(rounds.get(kind) ?? []));
  return {
    title: "Redis: durable events a second",
    text: `One node, ${CALLERS} callers in rooms of their own, one event after the other, \`appendfsync always\`. *Bare* is an \`EVALSHA\` that pushes as many bytes to a list, by the same client and the same callers. An event takes ${number(bytes)} bytes to Redis where all callers call at once, and ${scripts.toFixed(2)} scripts while its node has the lease.`,
    tables: [
      table(
        ["", "bare `EVALSHA`", "events of `redis()`", "ratio"],
        [["a second", of("bare"), of("redis"), ratioOf(rounds, "redis", "bare", median).toFixed(2)]],
      ),
    ],
    rounds: ["bare", "redis"].map((kind) => `${kind}, a second: ${(rounds.get(kind) ?? []).map((value) => Math.round(value)).join(" ")}`),
    verdicts: [
      verdict("bare EVALSHA of the same bytes / redis, events a second", 1 / ratioOf(rounds, "redis", "bare", median), 2),
      // Now and then a record is made one with its commits.
      verdict("scripts of Redis for an event, while its node has the lease", scripts, 1.05),
    ],
  };
}

/** Something that nobody has, with the mark in it. */
const text = () => {
  const noise = randomBytes(66).toString("base64url");
  return `${noise.slice(0, 44)}${String.fromCharCode(MARK)}${noise.slice(44)}`;
};

/** Sends texts from the owner to readers at some nodes. Gives the CPU of these nodes for a delivery, and how long all took, in µs. */
async function deliver(owner: Child, nodes: readonly Child[], readers: readonly Child[], sent: number, count: number, share: number) {
  const cpu = async () => (await Promise.all(nodes.map((node) => node.ask<number>("cpu")))).reduce((sum, value) => sum + value, 0);
  const before = await cpu();
  let took = 0;
  for (let n = 1; n <= count; n++) {
    const arrived = Promise.all(readers.map((reader) => reader.ask<number>("until", (sent + n) * share)));
    const started = await owner.ask<number>("publish", [text()]);
    took += Math.max(...(await arrived)) - started;
  }
  return { each: ((await cpu()) - before) / (count * share * readers.length), took };
}

async function fanout(nodes: readonly Child[], { rounds: count, short, log }: NodesOptions): Promise<Section> {
  const [owner, other] = nodes as [Child, Child];
  await owner.ask("publish", [text()]);
  const kinds: Record<string, { readonly nodes: readonly Child[]; readonly at: readonly Child[] }> = {
    "at the owner": { nodes: [owner], at: [owner] },
    "at another node": { nodes: [other], at: [other] },
    "over three nodes": { nodes, at: nodes },
  };
  const [cpu, rates]: [Rounds, Rounds] = [new Map(), new Map()];
  const times = short ? 10 : 20;
  for (let round = 0; round < count; round++) {
    for (const [name, kind] of Object.entries(kinds)) {
      const readers: Child[] = [];
      // Those over three nodes are as many in all.
      const share = Math.floor(READERS / kind.at.length);
      for (const node of kind.at) {
        const reader = await launch("clients/listen");
        readers.push(reader);
        await reader.ask("open", { peer: "twinstate, attached", port: await node.ask("port"), count: share });
      }
      const all = share * kind.at.length;
      await deliver(owner, kind.nodes, readers, 0, 5, share);
      const { each, took } = await deliver(owner, kind.nodes, readers, 5, times, share);
      note(cpu, name, each);
      note(rates, name, (all * times * 1e6) / took);
      log(`fan-out, round ${round + 1}, ${name}: ${each.toFixed(1)} µs of CPU for a delivery, ${number((all * times * 1e6) / took)} a second`);
      await Promise.all(readers.map((reader) => reader.stop()));
    }
  }
  return {
    title: "Redis: fan-out over nodes",
    text: `One delta of about 100 bytes to ${number(READERS)} readers of one room, past the handler, of an event at the owner. *At another node*: all readers are at a node that does not own the room; the CPU is that node's. *Over three nodes*: a third each, CPU of all three.`,
    tables: [
      table(
        ["readers", "CPU µs for each delivery", "deliveries a second"],
        Object.keys(kinds).map((name) => [name, median(cpu.get(name) ?? []).toFixed(1), number(median(rates.get(name) ?? []))]),
      ),
    ],
    rounds: Object.keys(kinds).map((name) => `${name}, CPU µs: ${(cpu.get(name) ?? []).map((value) => value.toFixed(1)).join(" ")}`),
    verdicts: [verdict("CPU of a delivery at a node that does not own the room, to the owner's", ratioOf(cpu, "at another node", "at the owner", median), 1.1)],
  };
}
