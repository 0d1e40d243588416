import { machine, verdictTable } from "../report.ts";
import { fanout } from "./fanout.ts";
import { memory } from "./memory.ts";
import { printProfiles } from "./profile.ts";
import { rate } from "./rate.ts";
import { reflex } from "./reflex.ts";
import { roundtrip } from "./roundtrip.ts";
import type { Part, PartOptions, Section } from "./section.ts";

/** The parts of workload L. */
export const parts: Readonly<Record<string, Part>> = { roundtrip, rate, fanout, memory, reflex };

/** Runs parts of the workload, one after the other. */
export async function runLive(options: Omit<PartOptions, "rounds"> & { parts: readonly string[]; rounds: number | undefined }): Promise<Section[]> {
  const { short, log } = options;
  const sections: Section[] = [];
  for (const name of options.parts) {
    const part = parts[name];
    if (!part) throw new Error(`Workload L has no part \`${name}\`, but ${Object.keys(parts).join(", ")}`);
    sections.push(await part({ ...options, rounds: options.rounds ?? (short ? 5 : 7) }));
    if (options.profile) await printProfiles(log);
  }
  return sections;
}

/** The workload's part of RESULTS.md. */
export function livePage(sections: readonly Section[]): string {
  const verdicts = sections.flatMap((section) => section.verdicts);
  const rounds = sections.flatMap((section) => section.rounds);
  const lines = [
    "# Workload L",
    `Written by \`npm run bench -- L\`. ${machine(["@trpc/server", "socket.io", "ws"])} A server and its clients, in processes of their own, over real HTTP on one machine. In each round every peer does the same, one after the other; figures are medians over rounds, and goals are judged by the median of the rounds' ratios.`,
    "## Goals",
    verdictTable(verdicts),
    ...sections.flatMap(({ title, text, tables }) => [`## ${title}`, text, ...tables]),
    ...(rounds.length > 0 ? [`<details><summary>Rounds</summary>\n\n\`\`\`\n${rounds.join("\n")}\n\`\`\`\n\n</details>`] : []),
  ];
  return lines.join("\n\n") + "\n";
}
