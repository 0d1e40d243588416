import { event, resume, sleep, state, step, stop, type Tasks, tasks, until, update } from "twinstate";
import { scope } from "twinstate/server";
import { type KillPoint, lasting, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { Random } from "../kit/random.js";

const runs = process.env.TEST_FULL === undefined ? 12 : 1000;
const seed = Number(process.env.SEED ?? 1);
const POINTS: (KillPoint | undefined)[] = ["append", "appended", "answer", "frame", undefined, undefined];
const ROOMS = ["a", "b"];

/** A part of what a task does. `fails`: how often a step fails before it gives a result, or more often than it is tried. */
type Part =
  | { readonly do: "step"; readonly name: string; readonly ms: number; readonly fails: number; readonly times: number }
  | { readonly do: "update" }
  | { readonly do: "sleep"; readonly ms: number }
  | { readonly do: "until"; readonly name: string; readonly timeout: number }
  | { readonly do: "both"; readonly parts: readonly (readonly Part[])[] };

/** What tasks have done outside, in whichever process. The oracle reads it. */
let effects: { id: string; at: string; attempt: number }[] = [];

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

class Shop {
  @state marks: string[] = [];
  @tasks tasks!: Tasks;

  @event({ background: true, durable: true }) async run(id: string, parts: unknown) {
    const got = await this.#all(id, parts as Part[], "");
    await update(() => {
      this.marks.push(`${id} end`);
    });
    return got.join();
  }
  async #all(id: string, parts: readonly Part[], path: string): Promise<string[]> {
    const got: string[] = [];
    for (const [i, part] of parts.entries()) got.push(await this.#one(id, part, `${path}${i}`));
    return got;
  }
  async #one(id: string, part: Part, at: string): Promise<string> {
    switch (part.do) {
      case "step": {
        const work = async ({ attempt }: { attempt: number }) => {
          effects.push({ id, at, attempt });
          await wait(part.ms);
          if (attempt <= part.fails) throw new Error(`${at} fails`);
          return `${at} gives`;
        };
        return step(part.name, work, { retry: { times: part.times, delay: 500, factor: 1.5 } }).catch((error: Error) => error.message);
      }
      case "update":
        return update(() => {
          this.marks.push(`${id} ${at}`);
          return `${at} changes`;
        });
      case "sleep":
        await sleep(part.ms);
        return `${at} sleeps`;
      case "until":
        return `${at} ${(await until<string>(`${id} ${part.name}`, { timeout: part.timeout })) ?? "late"}`;
      default:
        return (await Promise.all(part.parts.map((some, i) => this.#all(id, some, `${at}/${i}/`)))).join();
    }
  }
  @event give(name: string) {
    return resume(name, "given");
  }
  @event end(id: string) {
    return stop(id);
  }
}

function partsOf(random: Random, deep: number): Part[] {
  return Array.from({ length: 1 + random.int(4) }, (): Part => {
    const what = random.int(deep > 0 ? 9 : 10);
    if (what < 4) {
      const fails = random.chance(0.3) ? 1 + random.int(3) : 0;
      return { do: "step", name: random.pick(["x", "y"]), ms: random.int(40), fails, times: fails > 0 ? random.int(4) : 0 };
    }
    if (what < 6) return { do: "update" };
    if (what < 8) return { do: "sleep", ms: random.int(random.chance(0.3) ? 60_000 : 3000) };
    if (what < 9) return { do: "until", name: random.pick(["p", "q"]), timeout: 5000 + random.int(60_000) };
    return { do: "both", parts: [partsOf(random, deep + 1), partsOf(random, deep + 1)] };
  });
}

/** What a task gives, but for whether its answers come in time. */
function resultOf(parts: readonly Part[], path = ""): string {
  return parts
    .map((part, i) => {
      const at = `${path}${i}`;
      if (part.do === "step") return part.fails > part.times ? `${at} fails` : `${at} gives`;
      if (part.do === "update") return `${at} changes`;
      if (part.do === "sleep") return `${at} sleeps`;
      if (part.do === "until") return `${at} ?`;
      return part.parts.map((some, k) => resultOf(some, `${at}/${k}/`)).join();
    })
    .join();
}

/** All steps and changes of a task, by where they are. */
function placesOf(parts: readonly Part[], path = ""): { steps: string[]; changes: string[] } {
  const found = { steps: [] as string[], changes: [] as string[] };
  for (const [i, part] of parts.entries()) {
    const at = `${path}${i}`;
    if (part.do === "step") found.steps.push(at);
    if (part.do === "update") found.changes.push(at);
    if (part.do !== "both") continue;
    for (const [k, some] of part.parts.entries()) {
      const inner = placesOf(some, `${at}/${k}/`);
      found.steps.push(...inner.steps);
      found.changes.push(...inner.changes);
    }
  }
  return found;
}

interface Job {
  readonly id: string;
  readonly room: string;
  readonly parts: readonly Part[];
  outcome?: string;
}

async function check(random: Random, name: string): Promise<void> {
  effects = [];
  const logs: string[] = [];
  await using net = pair({
    stores: { shop: scope.room(Shop, { allow: () => true }) },
    storage: lasting(),
    idle: 1 + random.int(20),
    seed: random.int(2 ** 31),
    log: ({ level, message }) => level === "error" && void logs.push(message),
  });
  const client = net.client();
  const twins = new Map(await Promise.all(ROOMS.map(async (room) => [room, await client.shop(room)] as const)));
  const jobs: Job[] = [];
  const trace: string[] = [];
  for (let n = 0; n < 20; n++) {
    const room = random.pick(ROOMS);
    const twin = twins.get(room) as never as {
      run(id: string, parts: unknown): Promise<string>;
      give(name: string): Promise<number>;
      end(id: string): Promise<boolean>;
      tasks: Tasks;
    };
    const what = random.int(10);
    trace.push(`${net.now}: ${what} ${room}`);
    if (what < 4) {
      const job: Job = { id: `${n}`, room, parts: partsOf(random, 0) };
      jobs.push(job);
      trace.push(JSON.stringify(job));
      twin.run(job.id, job.parts).then(
        (value) => {
          job.outcome = value;
        },
        (error: { code: string; message: string }) => {
          job.outcome = error.code;
        },
      );
    } else if (what < 6) {
      const { id } = jobs.length > 0 ? random.pick(jobs) : { id: "0" };
      void twin.give(`${id} ${random.pick(["p", "q"])}`).catch(() => {});
    } else if (what < 7 && twin.tasks.length > 0) void twin.end((random.pick([...twin.tasks]) as { id: string }).id).catch(() => {});
    else if (what < 9) net.kill(random.pick(POINTS));
    await net.wait(random.int(random.chance(0.2) ? 40_000 : 1500));
  }
  await net.wait(600_000);
  await net.quiet();
  const story = () => `${name}\n${trace.join("\n")}\n${JSON.stringify(jobs)}\n${JSON.stringify(effects)}\n${logs.join("\n")}`;
  expect(logs, story()).toEqual([]);
  for (const { id, room, parts, outcome } of jobs) {
    const marks = (twins.get(room) as unknown as { marks: string[] }).marks.filter((mark) => mark.startsWith(`${id} `));
    expect(new Set(marks).size, story()).toBe(marks.length);
    // No step began again after its last attempt; an attempt that a kill cut off may have.
    const { steps, changes } = placesOf(parts);
    for (const at of steps) {
      const attempts = effects.filter((effect) => effect.id === id && effect.at === at).map(({ attempt }) => attempt);
      expect(
        [...attempts].sort((a, b) => a - b),
        story(),
      ).toEqual(attempts);
    }
    if (outcome === "STOPPED") continue;
    expect(outcome?.replaceAll(/ (given|late)(?=,|$)/g, " ?"), story()).toBe(resultOf(parts));
    expect([...marks].sort(), story()).toEqual([...changes, "end"].map((at) => `${id} ${at}`).sort());
  }
  for (const [room, twin] of twins) expect([...(twin as unknown as { tasks: Tasks }).tasks], `${room}: ${story()}`).toEqual([]);
}

test(`whatever is begun, killed, evicted, answered and stopped, each task ends as if nothing had happened (${runs} runs, seed ${seed})`, {
  timeout: 600_000,
}, async () => {
  for (let run = 0; run < runs; run++) await check(new Random(seed * 1000 + run), `seed ${seed}, run ${run}`);
});
