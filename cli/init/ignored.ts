import type { Modules } from "./new-files.js";
import type { InitPlan } from "./plan.js";

/** Keeps the secret that signs sessions, and the file with the state, out of git. */
export function ignoreFiles(plan: InitPlan, { server }: Modules): void {
  const wanted = [".twinstate/", ...(plan.read(server)?.includes('"twin.db"') ? ["twin.db*"] : [])];
  const text = plan.read(".gitignore") ?? "";
  const lines = text.split(/\r?\n/).map((line) => line.trim().replace(/^\//, ""));
  const missing = wanted.filter((line) => !lines.includes(line) && !lines.includes(line.replace(/\/$/, "")));
  if (missing.length === 0) return;
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  const before = text === "" ? "" : `${text}${/\n$/.test(text) ? "" : end}${end}`;
  plan.write(".gitignore", before + ["# twinstate", ...missing, ""].join(end));
}
