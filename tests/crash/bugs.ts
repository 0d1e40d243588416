import type { CommitRecord, ScheduleChanges, Storage, TaskChange } from "twinstate/server";

/** Mistakes that a storage could make, to see that they are noticed. */
export type Bug =
  | "acknowledge before write"
  | "dedupe off"
  | "messages twice"
  | "a torn record accepted"
  | "schedules twice"
  | "schedules lost"
  | "steps again"
  | "tasks lost";

type Kept = Pick<CommitRecord, "schedules" | "due">;

/** A storage that keeps something else of schedules than it is given. */
const withSchedules = (storage: Storage, change: (changes: ScheduleChanges, due: CommitRecord["due"]) => Kept): Storage => ({
  ...storage,
  append(id, commits) {
    const changed = commits.map(({ schedules, due, ...commit }): CommitRecord => ({ ...commit, ...(schedules ? change(schedules, due) : { due }) }));
    return storage.append(id, changed);
  },
});

/** A storage that keeps something else of some tasks than it is given: of every fourth, about. */
const withTasks = (storage: Storage, change: (given: TaskChange) => TaskChange | undefined): Storage => ({
  ...storage,
  append(id, commits) {
    const changed = commits.map(
      ({ tasks, ...commit }): CommitRecord => ({
        ...commit,
        ...(tasks && { tasks: tasks.map(([task, given]) => [task, given && (task.charCodeAt(0) % 4 === 0 ? (change(given) ?? null) : given)] as const) }),
      }),
    );
    return storage.append(id, changed);
  },
});

export function withBug(storage: Storage, bug: Bug | undefined): Storage {
  switch (bug) {
    case undefined:
      return storage;
    case "acknowledge before write": {
      const later = new Map<string, Promise<void>>();
      return {
        ...storage,
        append(id, commits) {
          const before = later.get(id) ?? new Promise((resolve) => setTimeout(resolve, 100));
          later.set(
            id,
            before.then(() => storage.append(id, commits)),
          );
        },
      };
    }
    case "dedupe off":
      return {
        ...storage,
        async load(id) {
          const found = await storage.load(id);
          const without = ({ event: _, ...commit }: CommitRecord): CommitRecord => commit;
          return found && { record: { ...found.record, numbers: {} }, tail: found.tail.map(without) };
        },
      };
    case "messages twice":
      return {
        ...storage,
        async load(id) {
          const found = await storage.load(id);
          const isMessage = (client: string | undefined) => client?.startsWith("message/") ?? false;
          const without = ({ event, ...commit }: CommitRecord): CommitRecord => (event && !isMessage(event.client) ? { ...commit, event } : commit);
          const numbers = Object.fromEntries(Object.entries(found?.record.numbers ?? {}).filter(([client]) => !isMessage(client)));
          return found && { record: { ...found.record, numbers }, tail: found.tail.map(without) };
        },
      };
    case "a torn record accepted":
      return {
        ...storage,
        async load(id) {
          const found = await storage.load(id);
          const last = found?.tail.at(-1);
          if (!found || !last) return found;
          const half = Object.fromEntries(Object.entries(last.stores).slice(0, 1));
          return { ...found, tail: [...found.tail.slice(0, -1), { ...last, stores: half }] };
        },
      };
    // A schedule that is over stays.
    case "schedules twice":
      return withSchedules(storage, ({ set }) => {
        const kept = set.filter(([, schedule]) => schedule);
        return kept.length > 0 ? { due: Math.min(...kept.map(([, schedule]) => schedule?.due as number)), schedules: { set: kept } } : {};
      });
    // One of ten is not kept.
    case "schedules lost": {
      let count = 0;
      return withSchedules(storage, (schedules, due) => (schedules.set.some(([, schedule]) => schedule) && count++ % 10 === 9 ? {} : { due, schedules }));
    }
    // What steps have given is not kept.
    case "steps again":
      return withTasks(storage, ({ kept: _, ...given }) => given);
    case "tasks lost":
      return withTasks(storage, () => undefined);
    default:
      return bug satisfies never;
  }
}
