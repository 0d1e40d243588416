import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import { computed, EventError, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { expect, onTestFinished, test } from "vitest";
import { serveTwin } from "../kit/app.js";
import { canon } from "../kit/canon.js";
import { eventSourceOf } from "../kit/event-source.js";
import { Jar } from "../kit/http.js";
import { Program } from "../kit/program.js";
import { Random } from "../kit/random.js";

// --- a client of docs/PROTOCOL.md, which knows nothing of twinstate's code ---

type Slot = any;
type Group = [kind: string, ...any[]];
const met = new Set<string>();

/** The state of one store. */
class Rebuilt {
  table = new Map<number, any>();
  names: string[] = [];
  next = 0;
  /** The numbers of the containers that `[]` stands for next. */
  unclaimed: number[] = [];
  sweepDue = false;

  snapshot([names, next, ids, bodies]: [string[], number, number[], Group[]]) {
    Object.assign(this, { table: new Map(), names: [...names], next });
    const numbers = ids.flatMap((start, i) => (i % 2 ? [] : Array.from({ length: ids[i + 1]! }, (_, n) => start + n)));
    this.unclaimed = [...numbers];
    const opened = this.open(bodies, () => numbers.shift()!);
    this.unclaimed.shift();
    for (const fill of opened) fill();
  }

  delta(delta: any[]) {
    const ops = [...delta];
    const start = this.next;
    const opened = Array.isArray(ops[0]) ? this.open(ops.shift(), () => this.next++) : [];
    this.unclaimed = Array.from({ length: this.next - start }, (_, n) => start + n);
    while (ops.length > 0) this.op(ops);
    for (const fill of opened) fill();
    if (this.sweepDue) this.sweep();
  }

  op(ops: any[]) {
    const op = ops.shift();
    met.add(`op ${op}`);
    if (op === 11) return void (this.sweepDue = true);
    if (op === 10) {
      const [name, steps, slots] = [this.name(ops.shift()), ops.shift(), ops.shift()];
      for (let i = 0, n = 0; i < steps.length; i++) put(this.table.get((n += steps[i])), name, this.slot(slots[i]));
      return;
    }
    const it = this.table.get(ops.shift());
    if (op >= 12) return this.text(it, it instanceof Map ? this.slot(ops.shift()) : Array.isArray(it) ? ops.shift() : this.name(ops.shift()), op, ops);
    if (op === 0) put(it, this.name(ops.shift()), this.slot(ops.shift()));
    else if (op === 1) delete it[this.name(ops.shift())];
    else if (op === 2) it.splice(ops.shift(), ops.shift(), ...ops.shift().map((slot: Slot) => this.slot(slot)));
    else if (op === 3) it.splice(ops.shift(), ops.shift());
    else if (op === 4) it[ops.shift()] = this.slot(ops.shift());
    else if (op === 5) it.set(this.slot(ops.shift()), this.slot(ops.shift()));
    else if (op === 7) it.add(this.slot(ops.shift()));
    else if (op === 9) it.clear();
    else it.delete(this.slot(ops.shift()));
  }

  text(it: any, key: any, op: number, ops: any[]) {
    const old: string = it instanceof Map ? it.get(key) : it[key];
    const [at, remove] = op === 12 ? ops.splice(0, 2) : [old.length, 0];
    const text = old.slice(0, at) + ops.shift() + old.slice(at + remove);
    if (it instanceof Map) it.set(key, text);
    else put(it, key, text);
  }

  /** Makes the containers of some bodies, and gives what fills them. */
  open(bodies: Group[], number: () => number): (() => void)[] {
    return bodies.map(([kind, count, ...rest]) => {
      met.add(`body ${kind}`);
      if (kind === "c") this.name(rest.shift());
      const made = Array.from({ length: kind === "f" ? 1 : count }, () => {
        const it = kind === "m" ? new Map() : kind === "s" ? new Set() : kind === "o" || kind === "c" ? {} : [];
        this.table.set(number(), it);
        return it as any;
      });
      if (kind === "f") return () => made[0].push(...this.runs(this.table.get(count), rest[0]));
      const names: string[] = kind === "o" || kind === "c" ? rest[0].map((name: string | number) => this.name(name)) : [];
      const column = (slots: Slot[] | 0, length: number) => Array.from({ length }, (_, i) => this.slot(slots === 0 ? [] : slots[i]));
      if (kind === "o" || kind === "c")
        return () => {
          for (const [i, name] of names.entries()) for (const [n, value] of column(rest[i + 1], count).entries()) put(made[n], name, value);
        };
      const sizes: number[] = rest[0];
      const total = sizes.reduce((sum, size) => sum + size, 0);
      return () => {
        const [items = [], values = []] = rest.slice(1).map((slots) => column(slots, total));
        for (const [n, size] of sizes.entries())
          for (const item of items.splice(0, size))
            if (kind === "a") made[n].push(item);
            else if (kind === "s") made[n].add(item);
            else made[n].set(item, values.shift());
      };
    });
  }

  runs(base: any[], runs: (number | [number, ...Slot[]])[]): any[] {
    let cursor = 0;
    const copy = (count: number) => base.slice(cursor, (cursor += count));
    return runs.flatMap((run) => {
      if (Array.isArray(run)) return [...copy(run[0]), ...run.slice(1).map((slot) => this.slot(slot))];
      const kept = run >= 0 ? copy(run) : [];
      cursor += run >= 0 ? 1 : -run;
      return kept;
    });
  }

  name(sent: string | number): string {
    if (typeof sent === "number") return this.names[sent]!;
    if (sent.length <= 20 && this.names.length < 1024 && !this.names.includes(sent)) this.names.push(sent);
    return sent;
  }

  slot(slot: Slot): any {
    if (!Array.isArray(slot)) return slot;
    met.add(`slot ${slot.length === 0 ? "new" : typeof slot[0] === "number" ? "old" : slot[0]}`);
    return slot.length === 0 ? this.table.get(this.unclaimed.shift()!) : typeof slot[0] === "number" ? this.table.get(slot[0]) : leaf(slot as never);
  }

  sweep() {
    this.sweepDue = false;
    const reached = new Set<unknown>([this.table.get(0)]);
    for (const it of reached) if (typeof it === "object" && it) for (const value of valuesOf(it)) reached.add(value);
    for (const [number, it] of this.table) if (!reached.has(it)) this.table.delete(number);
  }
}

const put = (it: object, name: string, value: unknown) =>
  name === "__proto__" ? Object.defineProperty(it, name, { value, writable: true, enumerable: true, configurable: true }) : Reflect.set(it, name, value);
const valuesOf = (it: object) => (it instanceof Map ? [...it.keys(), ...it.values()] : it instanceof Set ? [...it] : Object.values(it));

function leaf([tag, value, more]: [string, any, any]): unknown {
  const bytes = () => Uint8Array.from(atob(more), (letter) => letter.charCodeAt(0)).buffer;
  const known: Record<string, () => unknown> = {
    u: () => undefined,
    n: () => Number.NaN,
    z: () => -0,
    i: () => Number.POSITIVE_INFINITY,
    "-i": () => Number.NEGATIVE_INFINITY,
    b: () => BigInt(value),
    d: () => new Date(value ?? Number.NaN),
    l: () => new URL(value),
    r: () => new RegExp(value, more),
    x: () => (value === "ArrayBuffer" ? bytes() : new (globalThis as any)[value](bytes())),
  };
  return known[tag]!();
}

/** §5: a value of an answer, whose containers may be those of the store. */
function decode(store: Rebuilt, [slot, bodies = []]: [Slot, Group[]?]): unknown {
  const own = new Rebuilt();
  const opened = own.open(bodies, () => own.next++);
  own.unclaimed = Array.from({ length: own.next }, (_, n) => n);
  const resolve = own.slot.bind(own);
  own.slot = (one) => (Array.isArray(one) && typeof one[0] === "number" ? (one[0] >= 0 ? store.table.get(one[0]) : own.table.get(-1 - one[0])) : resolve(one));
  const value = own.slot(slot);
  for (const fill of opened) fill();
  return value;
}

// --- the server, and a stock tRPC client ---

class Card {
  @state title: unknown = "";
  @state list: unknown[] = [];
  constructor(readonly id = "") {}
  @computed get size(): number {
    return Array.isArray(this.list) ? this.list.length : -1;
  }
}

const FIELDS = ["one", "two", "items", "table"];

class Everything {
  @state one: unknown = undefined;
  @state two: unknown = { a: 1 };
  @state items: unknown[] = [];
  @state table = new Map<unknown, unknown>();
  @state rows: { n: number; done: boolean }[] = [];
  @state({ private: true }) protected hidden: unknown = undefined;
  @computed get count(): number {
    return Array.isArray(this.items) ? this.items.length : -1;
  }

  /** Some random changes; the last of them fails at times. */
  @event program(seed: number, fails: boolean) {
    const program = new Program(new Random(seed), this, [...FIELDS, "hidden"], Card);
    for (let steps = program.random.int(10); steps >= 0; steps--) {
      try {
        program.step();
      } catch (error) {
        if ((error as { code?: string }).code !== "NOT_STATE") throw error;
      }
    }
    if (fails) throw new EventError("NO", "in the end");
  }
  @event fill(count: number) {
    this.rows = Array.from({ length: count }, (_, n) => ({ n, done: false }));
  }
  @event toggleAll() {
    for (const row of this.rows) row.done = !row.done;
  }
  @event keepOdd() {
    this.rows = this.rows.filter((row) => row.n % 2 === 1);
  }
  @event answer() {
    const first = { first: this.rows[0], again: this.rows[0], self: undefined as unknown, big: 1n };
    first.self = first;
    return first;
  }
}

class Todo {
  @state items: { title: string; done: boolean }[] = [];
  @event add(title: string) {
    return this.items.push({ title, done: false });
  }
}

async function start(batchLink: typeof httpBatchStreamLink | typeof httpBatchLink = httpBatchStreamLink) {
  const stores = { it: scope.room(Everything, { allow: () => true }), todo: Todo };
  const served = await serveTwin({ stores, models: { Card } });
  const jar = new Jar();
  const { url } = served.site;
  const client = createTRPCClient<typeof served.twin.router>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: httpSubscriptionLink({ url, EventSource: eventSourceOf(jar) }),
        false: batchLink({ url, fetch: jar.fetch as typeof fetch }),
      }),
    ],
  });
  return { ...served, client };
}

type Client = Awaited<ReturnType<typeof start>>["client"];

/** Watches one store, and rebuilds it. Hosts are named by number on a stream: here there is one. */
function watch(client: Client, store: string, key?: string) {
  const rebuilt = new Rebuilt();
  let revision = -1;
  let incarnation = "";
  let failure: unknown;
  const waiting = new Set<() => void>();
  const stream = client.$live.subscribe(
    { watch: [{ store, key }] },
    {
      onData(data) {
        const [kind, ...rest] = data as any[];
        try {
          if (kind === "snapshot") {
            [, , , incarnation, revision] = rest;
            rebuilt.snapshot(rest[5]);
          } else if (typeof kind === "number") {
            expect(rest[0]).toBe(++revision);
            for (let i = 1; i < rest.length; i++) {
              if (typeof rest[i] === "number") revision += rest[i];
              else rebuilt.delta(rest[++i]);
            }
          }
        } catch (error) {
          failure ??= error;
        }
        for (const wake of waiting) wake();
      },
    },
  );
  onTestFinished(() => stream.unsubscribe());
  return {
    rebuilt,
    state: () => rebuilt.table.get(0),
    incarnation: () => incarnation,
    async reaches(wanted: number): Promise<void> {
      while (revision < wanted && !failure) await new Promise<void>((resolve) => waiting.add(resolve));
      waiting.clear();
      if (failure) throw failure;
    },
  };
}

test.for([
  ["httpBatchStreamLink", httpBatchStreamLink],
  ["httpBatchLink", httpBatchLink],
] as const)("a stock tRPC client with %s, without any code of ours, calls todo.add and reads the subscription", async ([, batchLink]) => {
  const { client } = await start(batchLink);
  expect(await client.todo.add.mutate({ args: ["milk"] })).toBe(1);
  const todo = watch(client, "todo");
  await todo.reaches(1);
  expect(todo.state()).toEqual({ items: [{ title: "milk", done: false }] });
  expect(await Promise.all(["bread", "eggs"].map((title) => client.todo.add.mutate({ args: [title] })))).toEqual([2, 3]);
  await todo.reaches(3);
  expect(todo.state().items.map(({ title }: { title: string }) => title)).toEqual(["milk", "bread", "eggs"]);
  await expect(client.todo.add.mutate({ args: [5 as never] })).rejects.toMatchObject({ data: { code: "INVALID", httpStatus: 400 } });
});

test("docs/PROTOCOL.md suffices to rebuild a store's state in content and identity, whatever happens to it", async () => {
  const { client, twin, runtime } = await start();
  const seed = Number(process.env.SEED ?? 1);
  const key = "a room";
  const early = watch(client, "it", key);
  await early.reaches(0);
  let watchers = [early];
  const check = async (what: string) => {
    const revision = runtime.hosts.find(`room/${key}`)?.revision as number;
    const expected = canon(await twin.it(key).$snapshot());
    for (const watcher of watchers) {
      await watcher.reaches(revision);
      expect(canon(watcher.state()), `${what}; SEED=${seed} repeats it`).toBe(expected);
    }
  };
  for (let n = 0; n < 150; n++) {
    const fails = n % 7 === 3;
    const call = client.it.program.mutate({ key, args: [seed * 1000 + n, fails] });
    if (fails) await expect(call).rejects.toMatchObject({ data: { code: "NO" } });
    else await call;
    if (n % 50 === 20) watchers = [early, watch(client, "it", key)];
    if (n % 50 === 40) await client.it.fill.mutate({ key, args: [600] });
    if (n % 50 === 41) await client.it.toggleAll.mutate({ key, args: [] });
    if (n % 50 === 42) await client.it.keepOdd.mutate({ key, args: [] });
    await check(`after event ${n}`);
  }
  const ops = Array.from({ length: 14 }, (_, op) => `op ${op}`);
  const slots = ["new", "old", "u", "n", "z", "i", "-i", "b", "d", "l", "r", "x"].map((slot) => `slot ${slot}`);
  const bodies = ["o", "c", "a", "m", "s", "f"].map((body) => `body ${body}`);
  expect([...met].toSorted()).toEqual(expect.arrayContaining([...ops, ...slots, ...bodies]));
});

test("an answer's value is decoded with the containers of the store", async () => {
  const { client, visitor, runtime } = await start();
  const key = "a room";
  await client.it.fill.mutate({ key, args: [2] });
  const it = watch(client, "it", key);
  await it.reaches(runtime.hosts.find(`room/${key}`)?.revision as number);
  const call = { client: "a-random-id-of-a-tab", epoch: 1, n: 1, at: null, seen: 0 };
  const { value } = await visitor().ask("it.answer", { key, args: [[], [["a", 1, [0], []]]], call });
  const { i, v } = value as { i: string; v: [Slot, Group[]?] };
  expect(i).toBe(it.incarnation());
  const answer = decode(it.rebuilt, v) as { first: unknown; again: unknown; self: unknown; big: bigint };
  expect(answer.first).toBe(it.state().rows[0]);
  expect([answer.again, answer.self, answer.big]).toEqual([answer.first, answer, 1n]);
});
