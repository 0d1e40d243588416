import { event, progress, resume, sleep, state, step, stop, type Tasks, tasks, until, update, type View } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { z } from "zod";
import { type Equal, is } from "./equal";

export class Import {
  @state rows = 0;
  @tasks tasks!: Tasks<number>;
  // @ts-expect-error no list
  @tasks count!: number;
  // @ts-expect-error it is sent
  @tasks protected hidden!: Tasks;

  @event({ background: true, durable: true }) async run(file: string) {
    const lines = await step("read", async ({ signal, attempt }) => [signal.aborted, attempt, file] as const, {
      retry: { times: 3, delay: "1s", factor: 2, max: 60_000 },
      timeout: "30s",
    });
    is<Equal<typeof lines, readonly [boolean, number, string]>>();
    const count = await step("count", () => 1);
    is<Equal<typeof count, number>>();
    await update(() => {
      this.rows += count;
    });
    progress(0.5);
    await sleep("1h");
    await sleep(500);
    const answer = await until<boolean>("approved", { timeout: "2d" });
    is<Equal<typeof answer, boolean | undefined>>();
    const any = await until("approved");
    is<Equal<typeof any, unknown>>();
    // @ts-expect-error no time
    await sleep("soon");
    // @ts-expect-error no option
    await step("x", () => 1, { retries: 3 });
    // @ts-expect-error no time
    await step("x", () => 1, { retry: { delay: "soon" } });
    return count;
  }
  @event({ background: true, durable: true, queue: "drop", per: "instance", input: [z.string()] }) async checked(file: string) {
    return file;
  }
  @event({ background: true, durable: true, guard: ({ key }, store: Import) => key !== undefined && store.rows === 0 }) async guarded() {}
  // @ts-expect-error a durable event runs beside the queue
  @event({ durable: true }) async queued() {}
  // @ts-expect-error no browser predicts it
  @event({ background: true, durable: true, optimistic: true }) async predicted() {}
  // @ts-expect-error its calls are numbered
  @event({ background: true, durable: true, volatile: true }) async loose() {}
  // @ts-expect-error its steps have timeouts
  @event({ background: true, durable: true, timeout: 1000 }) async timed() {}
  @event({ background: true, timeout: 1000 }) async ordinary() {}
  @event({ optimistic: true }) shown() {}

  @event approve(id: string) {
    const count = resume("approved", true, { task: id });
    is<Equal<typeof count, number>>();
    const there = stop(id);
    is<Equal<typeof there, boolean>>();
  }
}

const twin = createTwin({ stores: { import: scope.room(Import, { allow: () => true }) } });

export function look(view: View<Import>) {
  const [task] = view.tasks;
  is<Equal<NonNullable<typeof task>["progress"], number | undefined>>();
  return [task?.id, task?.event, task?.running, task?.step, task?.since.getTime(), task?.error?.code];
}

export async function operator() {
  for (const { id, event, args, due, error } of await twin.import("k").$tasks()) void [id.length, event.length, args.length, due?.getTime(), error?.message];
  const there = await twin.import("k").$stopTask("x");
  is<Equal<typeof there, boolean>>();
  const result = await twin.import("k").run("x");
  is<Equal<typeof result, number>>();
}
