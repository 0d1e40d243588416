// Judges durable tasks by what they have done outside, and left in state. It knows nothing of how the server works.

/** What a step has done outside: it has made a token. `got`: the tokens that the steps before have given. In the order in which they were done. */
export interface Effect {
  readonly id: string;
  readonly step: string;
  readonly token: string;
  readonly got: readonly string[];
}

/** What a task has written into state, in the order of the commits. */
export interface Mark {
  readonly id: string;
  readonly did: "half" | "end";
  readonly got: readonly string[];
}

export interface TaskVerdict {
  /** How many tasks have ended. */
  ended: number;
  /** How many steps were run. */
  steps: number;
  /** Steps that were cut off before their result was kept, and run again. */
  repeated: number;
  /** Steps that were run after their result was kept, as a later step or state had it. */
  again: number;
  /** Results that are not the same each time, or that no step has given. */
  changed: number;
  /** Changes of state that were made more than once, or are missing in a task that has ended. */
  wrongState: number;
  /** Tasks that were begun and have not ended. */
  lost: number;
}

export const flawless: Readonly<Pick<TaskVerdict, "again" | "changed" | "wrongState" | "lost">> = { again: 0, changed: 0, wrongState: 0, lost: 0 };

interface Seen {
  /** The tokens that each step has made. */
  readonly made: Map<string, string[]>;
  /** The tokens that were kept, by the step: later steps, or state, have them. */
  readonly kept: Map<string, string>;
}

/** `begun`: the tasks that the server has acknowledged, or ought to end all the same. `steps`: the names of the steps, in order. */
export function judgeTasks(begun: readonly string[], steps: readonly string[], effects: readonly Effect[], marks: readonly Mark[]): TaskVerdict {
  const verdict: TaskVerdict = { ended: 0, steps: effects.length, repeated: 0, again: 0, changed: 0, wrongState: 0, lost: 0 };
  const seen = new Map<string, Seen>();
  const of = (id: string): Seen => {
    const found = seen.get(id) ?? { made: new Map(), kept: new Map() };
    seen.set(id, found);
    return found;
  };
  const use = (id: string, got: readonly string[]) => {
    const { made, kept } = of(id);
    for (const [i, token] of got.entries()) {
      const step = steps[i] as string;
      const before = kept.get(step);
      if ((before !== undefined && before !== token) || !made.get(step)?.includes(token)) verdict.changed++;
      kept.set(step, token);
    }
  };
  for (const { id, step, token, got } of effects) {
    use(id, got);
    const { made, kept } = of(id);
    const tokens = made.get(step) ?? [];
    if (kept.has(step)) verdict.again++;
    else if (tokens.length > 0) verdict.repeated++;
    made.set(step, [...tokens, token]);
  }
  const counts = new Map<string, number>();
  for (const { id, did, got } of marks) {
    counts.set(`${did} ${id}`, (counts.get(`${did} ${id}`) ?? 0) + 1);
    use(id, got);
    if (did === "end" && got.length !== steps.length) verdict.changed++;
  }
  for (const count of counts.values()) if (count > 1) verdict.wrongState++;
  for (const id of begun) {
    if (!counts.has(`end ${id}`)) verdict.lost++;
    else {
      verdict.ended++;
      if (!counts.has(`half ${id}`)) verdict.wrongState++;
    }
  }
  return verdict;
}
