// Judges schedules by what their effects have left in state, in the order of the commits. It knows nothing of how the server works.

/** What an event has written: that it has made or cancelled a schedule, or that a scheduled event ran. `at`: by the server's clock. */
export interface Entry {
  readonly did: "once" | "every" | "cancel" | "ran";
  readonly at: number;
  /** The schedule's id. */
  readonly id: string;
  /** What the event was given: another one for each schedule that was made. */
  readonly tag: string;
  /** In how many ms it is due; the period of an `every`. */
  readonly ms: number;
}

export interface ScheduleVerdict {
  /** How many runs there were. */
  ran: number;
  /** Due, and not run. */
  lost: number;
  /** Run again, or once more than its plan has times; run though it was cancelled, or never made. */
  doubled: number;
  early: number;
  /** Run later than the longest allowed time after it was due and a server was there. */
  late: number;
  /** The longest that one was late, in ms. */
  latest: number;
}

export const faultless: Readonly<Omit<ScheduleVerdict, "ran" | "latest">> = { lost: 0, doubled: 0, early: 0, late: 0 };

interface Made {
  readonly tag: string;
  due: number;
  readonly every: number | undefined;
}

/** `lives`: when each server was there, by its beginning and end. `end`: when the log was read. `allowed`: how late a schedule may run, in ms. */
export function judgeSchedules(log: readonly Entry[], lives: readonly (readonly [from: number, to: number])[], end: number, allowed = 1000): ScheduleVerdict {
  const verdict: ScheduleVerdict = { ran: 0, lost: 0, doubled: 0, early: 0, late: 0, latest: 0 };
  const made = new Map<string, Made>();
  for (const { did, at, id, tag, ms } of log) {
    if (did === "cancel") made.delete(id);
    else if (did !== "ran") made.set(id, { tag, due: at + ms, every: did === "every" ? ms : undefined });
    else {
      verdict.ran++;
      const schedule = made.get(id);
      if (schedule?.tag !== tag) {
        verdict.doubled++;
        continue;
      }
      const { due, every } = schedule;
      if (at < due) {
        if (every === undefined) verdict.early++;
        else verdict.doubled++;
        continue;
      }
      const late = latenessOf(due, at, lives);
      verdict.latest = Math.max(verdict.latest, late);
      if (late > allowed) verdict.late++;
      if (every === undefined) made.delete(id);
      else schedule.due = due + every * (Math.floor((at - due) / every) + 1);
    }
  }
  for (const { due } of made.values()) if (due < end && latenessOf(due, end, lives) > allowed) verdict.lost++;
  return verdict;
}

/** For how long a server was there at one stretch, between the time that something was due and the time that it ran. */
function latenessOf(due: number, at: number, lives: readonly (readonly [from: number, to: number])[]): number {
  let longest = 0;
  for (const [from, to] of lives) longest = Math.max(longest, Math.min(to, at) - Math.max(from, due));
  return longest;
}
