import { existsSync, readFileSync, writeFileSync } from "node:fs";

const FILE = `${import.meta.dirname}/RESULTS.md`;
const WORKLOADS = ["T", "L", "S", "R", "A"] as const;
/** Where a workload begins; the first needs no sign. */
const border = (workload: string) => `<!-- workload ${workload} -->`;

/** Writes one workload's part of RESULTS.md, and leaves the others as they are. */
export function writeResults(workload: (typeof WORKLOADS)[number], text: string): void {
  const before = existsSync(FILE) ? readFileSync(FILE, "utf8") : "";
  const parts = WORKLOADS.map((one, i) => {
    if (one === workload) return text;
    const start = i === 0 ? 0 : before.indexOf(border(one));
    if (start < 0) return "";
    const ends = WORKLOADS.map((other) => before.indexOf(border(other))).filter((at) => at > start);
    return before.slice(start, Math.min(before.length, ...ends)).replace(border(one), "");
  });
  const page = parts.map((part, i) => (part.trim() === "" ? "" : i === 0 ? part.trim() : `${border(WORKLOADS[i] as string)}\n\n${part.trim()}`));
  writeFileSync(FILE, page.filter((part) => part !== "").join("\n\n") + "\n");
}
