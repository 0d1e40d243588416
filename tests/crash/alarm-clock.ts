import { type Client, createClient } from "../../client/client.js";
import { Jar } from "../kit/http.js";
import { follow, type Outcome } from "../kit/outcome.js";
import { Random } from "../kit/random.js";
import type { Bug } from "./bugs.js";
import { isBack } from "./line.js";
import { type Entry, judgeSchedules, type ScheduleVerdict } from "./schedule-checker.js";
import { freePort, Servers } from "./servers.js";

export interface AlarmOptions {
  readonly kills: number;
  readonly file: string;
  /** The URL of a Redis or a PostgreSQL that has the state, in place of the file. */
  readonly shared?: string | undefined;
  /** How many schedules are made, in all. */
  readonly schedules: number;
  readonly seed?: number;
  /** A mistake that the server shall make. */
  readonly bug?: Bug;
  /** Ends it early. */
  readonly until?: (verdict: AlarmReport) => boolean;
  /** How late is late, in ms. @default 1000 */
  readonly late?: number;
  readonly report?: (line: string) => void;
  /** Nobody waits for it any more. */
  readonly signal?: AbortSignal;
}

export interface AlarmReport extends ScheduleVerdict {
  /** How many schedules were made. */
  made: number;
  /** Calls that were refused or never answered. */
  wrong: number;
}

const ROOMS = 10;
const PATIENCE = 30_000;
/** The longest that a schedule is made ahead, in ms. */
const AHEAD = 2500;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Kills a server with schedules at random instants, and looks at what they have left behind. */
export async function alarms({
  kills,
  file,
  shared,
  schedules,
  seed = Date.now(),
  bug,
  late = 1000,
  report = () => {},
  until,
  signal,
}: AlarmOptions): Promise<AlarmReport> {
  const random = new Random(seed);
  const servers = new Servers(await freePort(), { FILE: file, ...(shared && { SHARED: shared }), ...(bug && { BUG: bug }) }, "alarm-server");
  signal?.addEventListener("abort", () => void servers.end());
  const lives: [from: number, to: number][] = [];
  const begin = async () => {
    await servers.start();
    lives.push([Date.now(), Number.POSITIVE_INFINITY]);
    servers.prepare();
    isBack();
  };
  await begin();
  const client = createClient({ url: servers.url, fetch: new Jar().fetch });
  const calls: { outcome?: Outcome }[] = [];
  const pending = new Set<Promise<void>>();
  const make = (tag: number) => {
    const call = {};
    calls.push(call);
    const alarm = client.twin("alarms", `${tag % ROOMS}`).event("once")?.(`${tag}`, `${tag}`, random.int(AHEAD));
    void follow(call, alarm as PromiseLike<unknown>, pending);
  };
  const judged = async (): Promise<AlarmReport> => {
    const logs = await logsOf(servers.url);
    const verdicts = logs.map((log) => judgeSchedules(log, lives, Date.now(), late));
    const sum = (name: keyof ScheduleVerdict) => verdicts.reduce((total, verdict) => total + verdict[name], 0);
    const made = logs.flat().filter(({ did }) => did === "once").length;
    const wrong = calls.filter(({ outcome }) => !outcome || !("value" in outcome)).length;
    const latest = Math.max(...verdicts.map(({ latest }) => latest));
    return { made, ran: sum("ran"), lost: sum("lost"), doubled: sum("doubled"), early: sum("early"), late: sum("late"), latest, wrong };
  };
  try {
    for (let kill = 1; kill <= kills; kill++) {
      signal?.throwIfAborted();
      const [from, to] = [kill - 1, kill].map((round) => Math.round((schedules * round) / kills)) as [number, number];
      for (let tag = from; tag < to; tag++) {
        make(tag);
        await wait(random.int(20));
      }
      await wait(random.int(400));
      const life = lives.at(-1) as [number, number];
      life[1] = Date.now();
      await servers.kill();
      await begin();
      report(`kill ${kill}: ${calls.length} schedules`);
      if (until && kill % 3 === 0 && until(await judged())) break;
    }
    await Promise.race([Promise.all(pending), wait(PATIENCE)]);
    await wait(AHEAD);
    for (const end = Date.now() + late + 500; ; await wait(500)) {
      const verdict = await judged();
      if (verdict.ran >= verdict.made || Date.now() > end) return verdict;
    }
  } finally {
    client.close();
    await servers.end();
  }
}

/** What the rooms say, to a client that has just come. */
async function logsOf(url: string): Promise<Entry[][]> {
  const client: Client = createClient({ url, fetch: new Jar().fetch });
  const rooms = Array.from({ length: ROOMS }, async (_, number) => {
    const twin = client.twin("alarms", `${number}`);
    twin.use();
    await twin.ready;
    return [...((twin.mirror.read("log") ?? []) as Entry[])];
  });
  return Promise.all(rooms).finally(() => client.close());
}
