import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { notes } from "./notes.ts";
import { again, apply, binary, build, bytes, flatGoals, goalsOf, later, losses, mirror, produce, snapshot, type Verdict } from "./table/goals.ts";
import type { PeerName } from "./table/peers.ts";
import { type Figure, micros, type Result, typical } from "./table/run.ts";
import { kinds } from "./table/workload.ts";

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, i) => (i === 0 ? "---" : "--:")), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

const plain = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(2));

function leftAt(what: string): string {
  const known = notes.known[what];
  return known === undefined ? "**missed**" : `**missed**, known: ≤ ${known.toLocaleString("en")}`;
}

export const verdictTable = (verdicts: readonly Verdict[]): string =>
  table(
    ["goal", "at most", "is", ""],
    verdicts.map(({ what, goal, is, unit, met }) => [what, `${goal.toLocaleString("en")} ${unit}`, `${plain(is)} ${unit}`, met ? "met" : leftAt(what)]),
  );

export function allGoals(results: readonly Result[]): Verdict[] {
  const of = (n: number) => results.find((result) => result.n === n);
  const [small, main, large] = [of(100), of(10_000), of(100_000)];
  return [...(main ? goalsOf(main) : []), ...(small && large ? flatGoals(small, large) : [])];
}

/** Why a rival is ahead, by what it is ahead in. */
export type Reasons = Record<string, string>;

function figures(result: Result): string {
  const names = result.peers;
  const row = (what: string, figure: Figure, format = micros, without: readonly PeerName[] = []) => [
    what,
    ...names.map((peer) => (without.includes(peer) ? "" : format(typical(result, peer, figure)))),
  ];
  const count = (value: number) => Math.round(value).toLocaleString("en");
  const head = (what: string) => [what, ...names.map((name) => (result.measured[name]?.some((round) => round.diverged) ? `${name} (diverged)` : name))];
  const parts = [
    `### ${result.n.toLocaleString("en")} rows (${result.rounds} rounds)`,
    table(
      head("produce, µs"),
      kinds.map((kind) => row(kind, produce(kind))),
    ),
    table(
      head("apply, µs"),
      kinds.map((kind) => row(kind, apply(kind))),
    ),
    table(head("bytes"), [...kinds.map((kind) => row(kind, bytes(kind), count, ["floor"])), row("snapshot", (round) => round.bytes, count, ["floor"])]),
    ...(names.includes("twinstate") ? [binaryTable(result)] : []),
    table(head("all of it, µs"), [
      row("build", build),
      row("first snapshot", snapshot, micros, ["floor"]),
      row("snapshot again", again, micros, ["floor"]),
      row("snapshot after the ops", later, micros, ["floor"]),
      row("mirror", mirror),
    ]),
  ];
  if (Object.keys(result.heaps).length > 0) {
    const heap = (what: string, of: (peer: PeerName) => number | undefined) => [what, ...names.map((peer) => of(peer)?.toLocaleString("en") ?? "")];
    parts.push(
      table(head("heap, bytes a row"), [
        heap("source", (peer) => result.heaps[peer]?.source),
        heap("mirror", (peer) => result.heaps[peer]?.mirror),
        heap("source, every field observed", (peer) => result.heaps[peer]?.observedSource),
        heap("mirror, every field observed", (peer) => result.heaps[peer]?.observedMirror),
      ]),
    );
  }
  return parts.join("\n\n");
}

function binaryTable(result: Result): string {
  return table(
    ["twinstate's two wires", "bytes, JSON", "bytes, binary", "stringify, µs", "encode, µs", "parse, µs", "decode, µs"],
    ([...kinds, "snapshot"] as const).map((what) => [
      what,
      ...[typical(result, "twinstate", what === "snapshot" ? (round) => round.bytes : bytes(what)), binary(result, what, "bytes")].map((count) =>
        Math.round(count).toLocaleString("en"),
      ),
      ...(["stringify", "write", "parse", "read"] as const).map((figure) => micros(binary(result, what, figure))),
    ]),
  );
}

function roundsOf(result: Result): string {
  const lines = result.peers.flatMap((peer) =>
    kinds.map(
      (kind) => `${peer} ${kind}: ${result.measured[peer]?.map((round) => `${micros(round.ops[kind].produce)}/${micros(round.ops[kind].apply)}`).join(" ")}`,
    ),
  );
  return `<details><summary>Rounds, ${result.n.toLocaleString("en")} rows: produce/apply, µs</summary>\n\n\`\`\`\n${lines.join("\n")}\n\`\`\`\n\n</details>`;
}

function lossTable(result: Result, reasons: Reasons): string {
  const found = losses(result);
  if (found.length === 0) return "None.";
  return table(
    ["what", "twinstate", "peer", "why"],
    found.map(({ what, ours, best, peer }) => [what, plain(ours), `${peer} ${plain(best)}`, reasons[`${what} ${peer}`] ?? reasons[what] ?? ""]),
  );
}

/** The peers are installed here, what the library itself uses one folder up. */
function versionOf(name: string): string {
  const file = [".", ".."].map((folder) => `${import.meta.dirname}/${folder}/node_modules/${name}/package.json`).find(existsSync) as string;
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

export function machine(libraries: readonly string[]): string {
  const [cpu] = cpus();
  return `${cpu?.model.trim()}, ${cpus().length} cores; Node ${process.version}; ${libraries.map((name) => `${name} ${versionOf(name)}`).join(", ")}.`;
}

/** RESULTS.md. */
export function page(results: readonly Result[], notes: { text: string; reasons: Reasons }): string {
  const main = results.find((result) => result.n === 10_000);
  const parts = [
    "# Results",
    `Written by \`npm run bench\`. ${machine(["mobx", "mobx-keystone", "@colyseus/schema", "yjs", "mutative"])} Microseconds are CPU time of the thread that does the work. Medians over rounds; in each round every peer does the same work in its own process, one after the other. Goals are judged by the median of the rounds' ratios, as a machine's load changes between rounds.`,
    "## Goals",
    verdictTable(allGoals(results)),
    notes.text,
    ...(main ? ["## Where a rival is more than 10 % ahead, at 10,000 rows", lossTable(main, notes.reasons)] : []),
    "## Workload T",
    "A table of `{ id, title, done, tags: string[3], meta: { a, b } }`. Each op is one commit and one delta. *floor* is plain MobX that makes the same change on both sides, with nothing recorded or sent; *resend* sends the whole variable as JSON. `meta` changes a field of 1,000 rows (of all, where there are fewer), `filter` assigns a copy without a tenth of the rows. Produce: mutate, record, encode to what is sent. Apply: parse and apply on the mirror. Source and mirror are compared with what was asked for after each round. *twinstate's two wires* are what the bytes of a message take: JSON, and the binary wire that sockets may bring; to write and to read it, alone.",
    ...results.map(figures),
    ...results.map(roundsOf),
  ];
  return parts.filter(Boolean).join("\n\n") + "\n";
}
