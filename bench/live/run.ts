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

/** Why goals are missed where they are, and left so for now. */
const NOTES = `- **Fan-out.** A delivery over SSE through a route handler costs 1.5 to 1.9 times the same bytes written to a bare Node response, as a handler answers with a web stream: that stream's promises, and the loop that reads it, are the difference. (A pull stays under way as long as the reader keeps up, so that the stream starts no other: up to then, a delivery costs a fifth less, without the network. A stream that reads nothing ahead was tried, and a loop without \`async\`: no different; a stream of bytes costs more, as it takes each chunk's memory away and so needs a copy for each reader. A stream whose \`pipeTo\` writes by itself, which is how Next's server reads it, would save 0.3 µs.) Past the handler it costs what a bare response does: the queue that bounds what waits for a slow reader, and the second round through a thousand connections, which a turn's deltas wait for so that they go as one, take what is saved by an answer without chunks, whose heads make three pieces of each write. Over WebSocket the same is saved by heads that are put together with their messages once for all readers.
- **Reflex.** Over a socket, as Reflex has it, an event that changes one number takes a fifth of what it takes Reflex, with one write to the network; by request it takes about as much as Reflex, as two writes and Node's HTTP server are most of it. A bare \`ws\` that echoes a message of this size takes more than half of a tenth by itself. The rest of it is the library's own code and what the collector takes for that, flat: no function has more than a twentieth. A tenth holds where there is state to tell: from thousands of rows on. By request is the default, as each event comes with the cookies of its moment then.
- **Next.** Its own server takes about a millisecond of CPU for each call of a route handler, whatever that does.
- **Memory.** A connected session is measured with a live store of its own, which is half of what a WebSocket takes; a reader of a room shares it.`;

/** The workload's part of RESULTS.md. */
export const livePage = (sections: readonly Section[]): string => pageOf("L", ["@trpc/server", "socket.io", "ws"], NOTES, sections);

/** A workload's page, with its goals and what is to be said of them. */
export function pageOf(workload: string, packages: readonly string[], notes: string, sections: readonly Section[]): string {
  const verdicts = sections.flatMap((section) => section.verdicts);
  const rounds = sections.flatMap((section) => section.rounds);
  const lines = [
    `# Workload ${workload}`,
    `Written by \`npm run bench -- ${workload}\`. ${machine(packages)} A server and its clients, in processes of their own, over real HTTP on one machine. In each round every peer does the same, one after the other; figures are medians over rounds, and goals are judged by the median of the rounds' ratios.`,
    "## Goals",
    verdictTable(verdicts),
    ...(notes === "" ? [] : [notes]),
    ...sections.flatMap(({ title, text, tables }) => [`## ${title}`, text, ...tables]),
    ...(rounds.length > 0 ? [`<details><summary>Rounds</summary>\n\n\`\`\`\n${rounds.join("\n")}\n\`\`\`\n\n</details>`] : []),
  ];
  return lines.join("\n\n") + "\n";
}
