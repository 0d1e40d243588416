// What runs in a peer's own process.
import { edit, kinds, makeOps, makeRows, type Op, type Peer, plainRow, type Row, type State, type Wire } from "./workload.ts";

/** Microseconds, or bytes. */
export interface Measured {
  produce: number;
  apply: number;
  bytes: number;
}

/** The same in another form, of one message: writing and reading alone, beside those of JSON. */
export interface Binary {
  bytes: number;
  write: number;
  stringify: number;
  read: number;
  parse: number;
}

export interface Round {
  build: number;
  /** The first one of a store. */
  snapshot: number;
  /** With no change since. */
  again: number;
  /** After all ops. */
  later: number;
  mirror: number;
  bytes: number;
  ops: Record<Op["kind"], Measured>;
  binary: Record<Op["kind"] | "snapshot", Binary> | undefined;
  /** What differs between source, mirror and what was asked for, if anything does. */
  diverged: string | undefined;
}

/** Heap bytes for each row. */
export interface Heap {
  source: number;
  mirror: number;
  observedSource: number | undefined;
  observedMirror: number | undefined;
}

/** `binary`: of the other form too. What it keeps and does for that would be in the way of all that is measured after it. */
export type Request = { task: "round"; n: number; seed: number; budget: number; binary?: boolean } | { task: "heap"; n: number };

// The peers keep what they like: only they know their sources and mirrors.
type AnyPeer = Peer<any, any>;

/** How often an op is done in a round, as long as the time allows. */
const TIMES: Record<Op["kind"], number> = { toggle: 200, push: 100, remove: 100, insert: 100, meta: 10, swap: 100, move: 100, filter: 1 };

/** Answers the parent process until it ends. */
export function serve(peer: AnyPeer): void {
  process.on("message", async (request: Request) => {
    try {
      process.send?.({ result: request.task === "round" ? runRound(peer, request) : await measureHeap(peer, request.n) });
    } catch (error) {
      process.send?.({ error: String((error as Error).stack ?? error) });
    }
  });
}

/** This thread's own time: the machine may have other work. */
function cpu(): number {
  // The process's clock first: on Linux that brings the thread's own up to date, which else ticks in milliseconds.
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/** Without a collection before it: a forced one drops what the compilers have learned of short-lived objects, which a server's own seldom do. */
function time<R>(run: () => R): [result: R, micros: number] {
  const start = cpu();
  const result = run();
  return [result, cpu() - start];
}

export const bytesOf = (wire: Wire): number => (typeof wire === "string" ? Buffer.byteLength(wire) : wire instanceof Uint8Array ? wire.byteLength : 0);

function runRound(peer: AnyPeer, { n, seed, budget, binary: asked = false }: Extract<Request, { task: "round" }>): Round {
  const rows = makeRows(n);
  const [source, build] = time(() => peer.build(rows));
  const [snapshot, first] = time(() => peer.snapshot(source));
  const [, again] = time(() => peer.snapshot(source));
  const [mirror, mirrored] = time(() => peer.mirror(snapshot));
  const oracle: State = { rows: makeRows(n) };
  const ops = {} as Round["ops"];
  const form = asked ? peer.binary : undefined;
  const sent: [Op["kind"] | "snapshot", Wire[]][] = [["snapshot", [snapshot]]];
  for (const kind of kinds) {
    // No more than a fifth of the rows come or go.
    const times = kind === "push" || kind === "insert" || kind === "remove" ? Math.min(TIMES[kind], Math.ceil(n / 5)) : TIMES[kind];
    const asked = makeOps(kind, times, oracle.rows.length, seed);
    const wires: Wire[] = [];
    const [, produced] = time(() => {
      const end = performance.now() + budget;
      for (const op of asked) {
        wires.push(peer.change(source, op));
        if (performance.now() > end) break;
      }
    });
    const [, applied] = time(() => {
      for (const wire of wires) peer.apply(mirror, wire);
    });
    // A peer may keep the row that it was given: the oracle has its own.
    for (let i = 0; i < wires.length; i++) edit(oracle, structuredClone(asked[i] as Op));
    ops[kind] = { produce: produced / wires.length, apply: applied / wires.length, bytes: middle(wires.map(bytesOf)) };
    if (form) sent.push([kind, wires]);
  }
  const [, later] = time(() => peer.snapshot(source));
  const binary = form && (Object.fromEntries(sent.map(([what, wires]) => [what, inBinary(form, wires)])) as Round["binary"]);
  return {
    build,
    snapshot: first,
    again,
    later,
    mirror: mirrored,
    bytes: bytesOf(snapshot),
    ops,
    binary,
    diverged: difference(peer, source, mirror, oracle.rows),
  };
}

const middle = (bytes: readonly number[]): number => [...bytes].sort((a, b) => a - b)[bytes.length >> 1] as number;

function inBinary({ values, write, read }: NonNullable<AnyPeer["binary"]>, wires: readonly Wire[]): Binary {
  const all = wires.map(values);
  const each = <T, R>(items: readonly T[], run: (item: T) => R): [results: R[], micros: number] => {
    const [results, micros] = time(() => items.map(run));
    return [results, micros / items.length];
  };
  const [written, writing] = each(all, write);
  const [texts, stringify] = each(all, (value) => JSON.stringify(value));
  const [, reading] = each(written, read);
  const [, parse] = each(texts, (text) => JSON.parse(text));
  return { bytes: middle(written.map(bytesOf)), write: writing, stringify, read: reading, parse };
}

function difference(peer: AnyPeer, source: unknown, mirror: unknown, wanted: readonly Row[]): string | undefined {
  const sides = { source: Array.from(peer.rows(source), plainRow), mirror: Array.from(peer.rows(mirror), plainRow) };
  for (const [side, rows] of Object.entries(sides)) {
    if (rows.length !== wanted.length) return `the ${side} has ${rows.length} rows, not ${wanted.length}`;
    for (let i = 0; i < rows.length; i++) {
      const [is, should] = [JSON.stringify(rows[i]), JSON.stringify(plainRow(wanted[i] as Row))];
      if (is !== should) return `row ${i} of the ${side} is ${is}, not ${should}`;
    }
  }
  return undefined;
}

/** What must outlive the measuring. */
const kept: unknown[] = [];

/** So that code and tables that are made once do not count. */
function warm(peer: AnyPeer, n: number): void {
  for (let i = 0; i < 3; i++) peer.mirror(peer.snapshot(watched(peer, n)));
}

const snapshotOf = (peer: AnyPeer, n: number): Wire => peer.snapshot(peer.build(makeRows(n)));

function watched(peer: AnyPeer, n: number): unknown {
  const source = peer.build(makeRows(n));
  peer.snapshot(source);
  peer.change(source, { kind: "toggle", at: 0 });
  return source;
}

async function measureHeap(peer: AnyPeer, n: number): Promise<Heap> {
  const used = async () => {
    // What the stack still holds is let go first.
    await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 4; i++) (globalThis as { gc?: () => void }).gc?.();
    return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  };
  warm(peer, n);
  // The second of each counts: some libraries hold on to the last one that they met.
  const first = watched(peer, n);
  const empty = await used();
  // As it is while clients watch it, after a change.
  const source = watched(peer, n);
  const withSource = await used();
  const snapshot = snapshotOf(peer, n);
  const other = peer.mirror(snapshot);
  const before = await used();
  const mirror = peer.mirror(snapshot);
  const both = await used();
  const observed = async (side: unknown) => {
    if (!peer.observe) return undefined;
    const start = await used();
    const stop = peer.observe(side);
    const grown = (await used()) - start;
    stop();
    return grown;
  };
  const perRow = (bytes: number) => Math.round(bytes / n);
  const [sourceGrown, mirrorGrown] = [await observed(source), await observed(mirror)];
  const held = perRow(withSource - empty);
  const mirrorHeld = perRow(both - before);
  kept.push(first, other, snapshot);
  return {
    source: held,
    mirror: mirrorHeld,
    observedSource: sourceGrown === undefined ? undefined : held + perRow(sourceGrown),
    observedMirror: mirrorGrown === undefined ? undefined : mirrorHeld + perRow(mirrorGrown),
  };
}
