import type { Outcome } from "../kit/outcome.js";

// Judges a server by what its clients were told, and by what they see. It knows nothing of how the server works.

/** One call of a client. */
export interface Call {
  readonly client: number;
  /** What it adds, one commit for each. */
  readonly ids: readonly string[];
  /** A value, or the code of an error. Missing: nothing has been heard of it yet. */
  outcome?: Outcome;
}

/** What one scope instance holds: the ids in its two stores, which each event changes both. */
export interface Seen {
  readonly log: readonly string[];
  readonly tally: readonly string[];
}

export interface Verdict {
  acknowledged: number;
  interrupted: number;
  unknown: number;
  /** Acknowledged, and not there. */
  lost: number;
  /** There twice. */
  doubled: number;
  /** Half there: in one store and not in the other, or the end without the beginning. */
  torn: number;
  /** There in another order than it was called in. */
  disordered: number;
  /** There, and never asked for. */
  invented: number;
  /** Refused for no reason, answered with something else, or never answered. */
  wrong: number;
}

export const clean: Readonly<Verdict> = { acknowledged: 0, interrupted: 0, unknown: 0, lost: 0, doubled: 0, torn: 0, disordered: 0, invented: 0, wrong: 0 };

/** What must be 0. `diverged`: how many twins did not equal their stores. */
export const faultsOf = ({ lost, doubled, torn, disordered, invented, wrong, diverged }: Verdict & { readonly diverged: number }) => ({
  lost,
  doubled,
  torn,
  disordered,
  invented,
  wrong,
  diverged,
});

/** `forgets`: the server keeps nothing over a restart, so what was acknowledged may be gone with it. */
export function judge(calls: readonly Call[], seen: Seen, forgets = false): Verdict {
  const verdict: Verdict = { ...clean };
  const places = new Map<string, number[]>();
  seen.log.forEach((id, place) => void places.set(id, [...(places.get(id) ?? []), place]));
  const tally = new Map<string, number>();
  for (const id of seen.tally) tally.set(id, (tally.get(id) ?? 0) + 1);
  const asked = new Set(calls.flatMap(({ ids }) => ids));
  for (const id of new Set([...places.keys(), ...tally.keys()])) {
    if (!asked.has(id)) verdict.invented++;
    const [once, twice] = [places.get(id)?.length ?? 0, tally.get(id) ?? 0];
    if (once > 1 || twice > 1) verdict.doubled++;
    else if (once !== twice) verdict.torn++;
  }
  const lastPlaces = new Map<number, number>();
  for (const { client, ids, outcome } of calls) {
    const there = ids.map((id) => places.get(id)?.[0]);
    const count = there.filter((place) => place !== undefined).length;
    if (there.slice(0, count).includes(undefined)) verdict.torn++;
    for (const place of there) {
      if (place === undefined) continue;
      if (place < (lastPlaces.get(client) ?? -1)) verdict.disordered++;
      lastPlaces.set(client, place);
    }
    if (!outcome) verdict.wrong++;
    else if ("value" in outcome) {
      verdict.acknowledged++;
      if (count < ids.length && !forgets) verdict.lost++;
      if (outcome.value !== (ids.length > 1 ? ids.length : ids[0])) verdict.wrong++;
    } else if (outcome.error === "INTERRUPTED") {
      verdict.interrupted++;
      // It had committed something, and did not end.
      if (ids.length === 1 || (count === 0 && !forgets)) verdict.wrong++;
    } else if (outcome.error === "UNKNOWN_OUTCOME" && forgets) verdict.unknown++;
    else verdict.wrong++;
  }
  return verdict;
}

export const sum = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.reduce(
    (total, verdict) => Object.fromEntries(Object.keys(total).map((key) => [key, total[key as keyof Verdict] + verdict[key as keyof Verdict]])) as never,
    clean,
  );
