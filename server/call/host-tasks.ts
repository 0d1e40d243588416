import type { Effect } from "../../lib/wire/protocol.js";
import type { SeenTask } from "../durable/seen-task.js";
import { Elsewhere, whereverItIs } from "../host/elsewhere.js";
import type { Host } from "../host/host.js";
import type { Hosts } from "../host/hosts.js";
import type { Nodes } from "../nodes/nodes.js";
import type { SeenSchedule } from "../schedule/schedules.js";
import type { ExportedStore } from "./data.js";
import { act } from "./host-effects.js";
import type { SeenInstance, SeenStore } from "./instance-views.js";

/** What server code asks of a scope instance, besides calls of events. Arguments and results are data, as the instance may be at another node. */
const TASKS = {
  async schedules({ schedules }: Host, store: string): Promise<readonly SeenSchedule[]> {
    return schedules?.of(store) ?? [];
  },
  async unschedule({ schedules }: Host, id: string): Promise<boolean> {
    return (await schedules?.remove(id)) ?? false;
  },
  async tasks({ tasks }: Host, store: string): Promise<readonly SeenTask[]> {
    return tasks?.of(store) ?? [];
  },
  async stopTask({ commits, tasks }: Host, id: string): Promise<boolean> {
    const stopped = tasks?.stop(id) ?? false;
    await commits.settled();
    return stopped;
  },
  effect: (host: Host, effect: Effect): Promise<void> => act(host, effect),
  snapshot: (host: Host, store: string): Promise<SeenStore> => host.plain(store),
  async exported(host: Host): Promise<readonly ExportedStore[]> {
    if (!host.touched) return [];
    return [...(await host.export())].map(([store, state]) => {
      const schedules = host.schedules?.of(store) ?? [];
      const tasks = host.tasks?.of(store) ?? [];
      return { store, key: host.key, state, ...(schedules.length > 0 && { schedules }), ...(tasks.length > 0 && { tasks }) };
    });
  },
};

type Tasks = typeof TASKS;
export type HostTask = keyof Tasks;
export type Given<K extends HostTask> = Tasks[K] extends (host: Host, ...args: infer A) => unknown ? A : never;

interface Server {
  readonly hosts: Hosts;
  readonly nodes: Nodes | undefined;
}

/** Does what server code asks of a scope instance, wherever it is. */
export async function onHost<K extends HostTask>({ hosts, nodes }: Server, id: string, task: K, ...args: Given<K>): Promise<Awaited<ReturnType<Tasks[K]>>> {
  const perform = TASKS[task] as (host: Host, ...args: unknown[]) => Promise<unknown>;
  const done = await whereverItIs(async () => {
    try {
      return await hosts.using(id, (host) => perform(host, ...args));
    } catch (error) {
      if (!(error instanceof Elsewhere) || !nodes) throw error;
      const told = await nodes.work.task(error.node, id, task, args);
      return task === "snapshot" ? seenFrom(told as SentSeen) : told;
    }
  });
  return done as Awaited<ReturnType<Tasks[K]>>;
}

/** A state on its way to another node. Encoded values keep identity, so the instances are found in the view. */
type SentSeen = readonly [view: object, shown: readonly object[], instances: readonly SeenInstance[]];

const sentOf = ({ view, instances }: SeenStore): SentSeen => [view, [...instances.keys()], [...instances.values()]];

const seenFrom = ([view, shown, instances]: SentSeen): SeenStore => ({
  view,
  instances: new Map(shown.map((part, i) => [part, instances[i] as SeenInstance])),
});

/** Does the same for another node. Gives what it is told. */
export async function forNode(server: Server, id: string, task: HostTask, args: readonly unknown[]): Promise<unknown> {
  const done = await (onHost as (server: Server, id: string, task: HostTask, ...args: readonly unknown[]) => Promise<unknown>)(server, id, task, ...args);
  return task === "snapshot" ? sentOf(done as SeenStore) : done;
}

/** Deletes a scope instance, wherever it is. `leads`: its watchers see it begin again. */
export function deleteHost({ hosts, nodes }: Server, id: string, leads = false): Promise<void> {
  return whereverItIs(async () => {
    try {
      const host = await hosts.delete(id);
      if (leads) host.watchers.lead();
    } catch (error) {
      if (!(error instanceof Elsewhere) || !nodes) throw error;
      await nodes.work.delete(error.node, id, leads);
    }
  });
}
