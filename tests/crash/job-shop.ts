import { existsSync, readFileSync } from "node:fs";
import { type Client, createClient } from "../../client/client.js";
import type { Tasks } from "../../lib/class/tasks.js";
import { Jar } from "../kit/http.js";
import { follow, type Outcome } from "../kit/outcome.js";
import { Random } from "../kit/random.js";
import type { Bug } from "./bugs.js";
import { STEPS } from "./jobs.js";
import { isBack } from "./line.js";
import { freePort, Servers } from "./servers.js";
import { type Effect, judgeTasks, type Mark, type TaskVerdict } from "./task-checker.js";

export interface JobOptions {
  readonly kills: number;
  readonly file: string;
  /** The URL of a Redis or a PostgreSQL that has the state, in place of the file. */
  readonly shared?: string | undefined;
  /** How many tasks are begun, in all. */
  readonly tasks: number;
  /** The longest that a task sleeps, in ms. @default 15,000 */
  readonly pause?: number;
  readonly seed?: number;
  /** A mistake that the server shall make. */
  readonly bug?: Bug;
  /** Ends it early. */
  readonly until?: (verdict: JobReport) => boolean;
  readonly report?: (line: string) => void;
  /** How long to wait for the last of them, in ms. */
  readonly patience?: number;
  /** Nobody waits for it any more. */
  readonly signal?: AbortSignal;
}

export interface JobReport extends TaskVerdict {
  /** Calls that were refused, never answered, or answered with what state does not have. */
  wrong: number;
}

const ROOMS = 10;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Job {
  readonly id: string;
  outcome?: Outcome;
}

/** Kills a server with durable tasks at random instants, and looks at what they have done and left behind. */
export async function jobShop({
  kills,
  file,
  shared,
  tasks,
  seed = Date.now(),
  bug,
  pause = 15_000,
  patience = 120_000,
  report = () => {},
  until,
  signal,
}: JobOptions): Promise<JobReport> {
  const random = new Random(seed);
  const effectsFile = `${file}.effects`;
  const servers = new Servers(
    await freePort(),
    { FILE: file, ...(shared && { SHARED: shared }), EFFECTS: effectsFile, ...(bug && { BUG: bug }) },
    "job-server",
  );
  signal?.addEventListener("abort", () => void servers.end());
  await servers.start();
  servers.prepare();
  const client = createClient({ url: servers.url, fetch: new Jar().fetch, maxPending: 10_000 });
  const twins = Array.from({ length: ROOMS }, (_, room) => client.twin("jobs", `${room}`));
  for (const twin of twins) twin.use();
  const jobs: Job[] = [];
  const pending = new Set<Promise<void>>();
  const going = setInterval(() => {
    for (const twin of twins) Promise.resolve(twin.event("go")?.() as PromiseLike<unknown>).catch(() => {});
  }, 500);
  const judged = async (): Promise<JobReport> => {
    const marks = await marksOf(servers.url);
    const verdict = judgeTasks(
      jobs.map(({ id }) => id),
      STEPS,
      effectsOf(effectsFile),
      marks,
    );
    const ends = new Map(marks.flatMap(({ id, did, got }) => (did === "end" ? [[id, JSON.stringify(got)] as const] : [])));
    const isRight = ({ id, outcome }: Job) => outcome !== undefined && "value" in outcome && JSON.stringify(outcome.value) === ends.get(id);
    return { ...verdict, wrong: jobs.filter((job) => !isRight(job)).length };
  };
  try {
    for (let kill = 1; kill <= kills; kill++) {
      signal?.throwIfAborted();
      // So a server lives for long, and the next one is there at once.
      await servers.ready();
      const [from, to] = [kill - 1, kill].map((round) => Math.round((tasks * round) / kills)) as [number, number];
      for (let n = from; n < to; n++) {
        const job: Job = { id: `${n}` };
        jobs.push(job);
        void follow(job, twins[n % ROOMS]?.event("run")?.(job.id, random.int(pause)) as PromiseLike<unknown>, pending);
        await wait(random.int(30));
      }
      await wait(random.int(600));
      await servers.kill();
      await servers.start();
      servers.prepare();
      isBack();
      report(`kill ${kill}: ${jobs.length} tasks, ${pending.size} go on`);
      if (until?.(await judged())) break;
    }
    await Promise.race([Promise.all(pending), wait(patience)]);
    // What goes on still, as the server sees it.
    for (const twin of twins) for (const { id, step, error } of (twin.mirror.read("tasks") ?? []) as Tasks) report(`${id} ${step} ${error?.message ?? ""}`);
    const verdict = await judged();
    if (verdict.lost > 0)
      for (const { id, outcome } of jobs) if (!outcome) report(`${id}: ${JSON.stringify(effectsOf(effectsFile).filter((one) => one.id === id))}`);
    return verdict;
  } finally {
    clearInterval(going);
    client.close();
    await servers.end();
  }
}

const effectsOf = (file: string): Effect[] =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .flatMap((line) => (line ? [JSON.parse(line) as Effect] : []))
    : [];

/** What the rooms say, to a client that has just come. */
async function marksOf(url: string): Promise<Mark[]> {
  const client: Client = createClient({ url, fetch: new Jar().fetch });
  const rooms = Array.from({ length: ROOMS }, async (_, number) => {
    const twin = client.twin("jobs", `${number}`);
    twin.use();
    await twin.ready;
    return [...((twin.mirror.read("log") ?? []) as Mark[])];
  });
  return (await Promise.all(rooms).finally(() => client.close())).flat();
}
