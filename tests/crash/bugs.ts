import type { CommitRecord, LoadedHost, NodeStorage, ScheduleChanges, Storage, TaskChange } from "twinstate/server";

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
  append(id, commits, fence) {
    const changed = commits.map(({ schedules, due, ...commit }): CommitRecord => ({ ...commit, ...(schedules ? change(schedules, due) : { due }) }));
    return storage.append(id, changed, fence);
  },
});

/** A storage that keeps something else of some tasks than it is given: of every fourth, about. */
const withTasks = (storage: Storage, change: (given: TaskChange) => TaskChange | undefined): Storage => ({
  ...storage,
  append(id, commits, fence) {
    const changed = commits.map(
      ({ tasks, ...commit }): CommitRecord => ({
        ...commit,
        ...(tasks && { tasks: tasks.map(([task, given]) => [task, given && (task.charCodeAt(0) % 4 === 0 ? (change(given) ?? null) : given)] as const) }),
      }),
    );
    return storage.append(id, changed, fence);
  },
});

/** A storage that gives something else than it has kept: to a process that is alone, and to nodes. */
const withLoaded = (storage: Storage, change: (found: LoadedHost) => LoadedHost): Storage => ({
  ...storage,
  async load(id) {
    const found = await storage.load(id);
    return found && change(found);
  },
  ...(storage.nodes && { nodes: claiming(storage.nodes, change) }),
});

/** The methods of nodes are those of a class: they stay where they are. */
const claiming = (nodes: NodeStorage, change: (found: LoadedHost) => LoadedHost): NodeStorage =>
  Object.create(nodes, {
    ...Object.fromEntries(
      (["join", "renew", "leave", "alive", "release", "duty", "send", "onMessage", "onLost"] as const).flatMap((name) => {
        const method = nodes[name];
        return method ? [[name, { value: (method as (...args: unknown[]) => unknown).bind(nodes) }]] : [];
      }),
    ),
    claim: {
      async value(id: string) {
        const claimed = await nodes.claim(id);
        return "loaded" in claimed ? { ...claimed, loaded: claimed.loaded && change(claimed.loaded) } : claimed;
      },
    },
  }) as NodeStorage;

/** What is stored, without which events of some clients have run. */
const forgetful = ({ record, tail }: LoadedHost, forgets: (client: string) => boolean = () => true): LoadedHost => ({
  record: { ...record, numbers: Object.fromEntries(Object.entries(record.numbers).filter(([client]) => !forgets(client))) },
  tail: tail.map(({ event, ...commit }): CommitRecord => (event && !forgets(event.client) ? { ...commit, event } : commit)),
});

/** The last commit, half of which was not written. */
function torn({ record, tail }: LoadedHost): LoadedHost {
  const last = tail.at(-1);
  if (!last) return { record, tail };
  const half = Object.fromEntries(Object.entries(last.stores).slice(0, 1));
  return { record, tail: [...tail.slice(0, -1), { ...last, stores: half }] };
}

export function withBug(storage: Storage, bug: Bug | undefined): Storage {
  switch (bug) {
    case undefined:
      return storage;
    case "acknowledge before write": {
      const later = new Map<string, Promise<void>>();
      return {
        ...storage,
        append(id, commits, fence) {
          const before = later.get(id) ?? new Promise((resolve) => setTimeout(resolve, 100));
          later.set(
            id,
            before.then(() => storage.append(id, commits, fence)),
          );
        },
      };
    }
    case "dedupe off":
      return withLoaded(storage, (found) => forgetful(found));
    case "messages twice":
      return withLoaded(storage, (found) => forgetful(found, (client) => client.startsWith("message/")));
    case "a torn record accepted":
      return withLoaded(storage, torn);
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
