import type { DueRun } from "../schedule/due-run.js";
import type { Host } from "./host.js";

/** What has begun to run, and whether there was anything to do. */
export interface StartedRuns {
  readonly runs: readonly DueRun[];
  readonly any: boolean;
}

/** Starts and wakes what a host has due: schedules, and tasks that go on. */
export function startDue({ schedules, tasks }: Host, now: number): StartedRuns {
  const { runs = [], any = false } = tasks?.start(now) ?? {};
  const begun = [...(schedules?.start(now) ?? []), ...runs];
  return { runs: begun, any: any || begun.length > 0 };
}

/** The earlier of two times, either of which may be missing. */
export const earlier = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
