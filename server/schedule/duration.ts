const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** A span of time in ms: of a number, or of a text as `"5m"`. `undefined` for anything else. */
export function durationOf(given: unknown): number | undefined {
  if (typeof given === "number") return Number.isFinite(given) && given >= 0 ? given : undefined;
  const [, count, unit = ""] = (typeof given === "string" && /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(given)) || [];
  return count === undefined ? undefined : Number(count) * (UNITS[unit] as number);
}

/** The last time of which there is a date, in ms since 1970. */
const LAST = 8.64e15;

/** The time that is so many ms from now on, in ms since 1970; `undefined`: there is no such date. */
export function dueIn(ms: number | undefined): number | undefined {
  const due = ms === undefined ? Number.NaN : Math.ceil(Date.now() + ms);
  return due <= LAST ? due : undefined;
}
