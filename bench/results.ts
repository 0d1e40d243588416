import { existsSync, readFileSync, writeFileSync } from "node:fs";

const FILE = `${import.meta.dirname}/RESULTS.md`;
/** Where the second workload begins. */
const BORDER = "<!-- workload L -->\n\n";

/** Writes one workload's part of RESULTS.md, and leaves the other as it is. */
export function writeResults(workload: "T" | "L", text: string): void {
  const [table = "", live = ""] = existsSync(FILE) ? readFileSync(FILE, "utf8").split(BORDER) : [];
  const parts = workload === "T" ? [text, live] : [table, text];
  writeFileSync(
    FILE,
    parts
      .map((part) => part.trim())
      .join(`\n\n${BORDER}`)
      .trim() + "\n",
  );
}
