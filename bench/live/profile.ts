import { readdir, readFile, rm } from "node:fs/promises";
import { profiles } from "./child.ts";

interface Profile {
  readonly nodes: readonly { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const SHOWN = 40;

/** Prints where each process whose profile was written spent its time, and removes the profiles. */
export async function printProfiles(log: (line: string) => void, folder = profiles): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith(".cpuprofile")) continue;
    const profile = JSON.parse(await readFile(`${folder}/${name}`, "utf8")) as Profile;
    await rm(`${folder}/${name}`);
    const places = new Map(
      profile.nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
        id,
        `${functionName || "(anonymous)"} ${url.split("/").at(-1)}:${lineNumber + 1}`,
      ]),
    );
    const spent = new Map<string, number>();
    for (let i = 0; i < profile.samples.length; i++) {
      const place = places.get(profile.samples[i] as number) as string;
      if (!place.startsWith("(idle)")) spent.set(place, (spent.get(place) ?? 0) + (profile.timeDeltas[i] as number));
    }
    const all = [...spent.values()].reduce((sum, time) => sum + time, 0);
    log(`\nProfile of ${name}: ${Math.round(all / 1000)} ms`);
    for (const [place, time] of [...spent].sort(([, a], [, b]) => b - a).slice(0, SHOWN)) log(`${((time * 100) / all).toFixed(1).padStart(5)} % ${place}`);
  }
}
