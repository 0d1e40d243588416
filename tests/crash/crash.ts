import { type Client, createClient } from "../../client/client.js";
import type { Twin } from "../../client/twin.js";
import { Jar } from "../kit/http.js";
import { follow } from "../kit/outcome.js";
import { Random } from "../kit/random.js";
import { hearing, type Resumes } from "../kit/resumes.js";
import type { Bug } from "./bugs.js";
import { type Call, judge, type Seen, sum, type Verdict } from "./checker.js";
import { isBack } from "./line.js";
import { freePort, Servers } from "./servers.js";

export interface CrashOptions {
  readonly rounds: number;
  /** Where the server keeps its state; without it, in memory. */
  readonly file?: string;
  /** The URL of a Redis or a PostgreSQL that has the state, in place of the file. */
  readonly shared?: string | undefined;
  readonly clients?: number;
  readonly seed?: number;
  /** A mistake that the server shall make. */
  readonly bug?: Bug;
  readonly report?: (line: string) => void;
  /** Nobody waits for it any more. */
  readonly signal?: AbortSignal;
  /** Ends it early. */
  readonly until?: (verdict: Verdict) => boolean;
}

export interface CrashReport extends Verdict {
  readonly rounds: number;
  /** Twins that did not equal their stores when all was quiet. */
  readonly diverged: number;
  /** How stores went on for clients after kills. */
  readonly resumes: Resumes;
  /** How often a twin found itself in another incarnation. */
  readonly incarnations: number;
}

/** How long to wait for answers after a restart, in ms: long, as machines may be busy. */
const PATIENCE = 30_000;
/** How many calls of a client may have no answer. */
const WINDOW = 3;

/** Kills a server under load at random instants, and judges it by what its clients saw. */
export async function crash({
  rounds,
  file,
  shared,
  clients: count = 20,
  seed = Date.now(),
  bug,
  report = () => {},
  until = () => false,
  signal,
}: CrashOptions): Promise<CrashReport> {
  const random = new Random(seed);
  const servers = new Servers(await freePort(), { ...(file !== undefined && { FILE: file }), ...(shared && { SHARED: shared }), ...(bug && { BUG: bug }) });
  signal?.addEventListener("abort", () => void servers.end());
  await servers.start();
  servers.prepare();
  const actors = Array.from({ length: count }, (_, number) => new Actor(number, servers.url, number % 2 === 1));
  let diverged = 0;
  let verdict = sum([]);
  try {
    await Promise.all(actors.map((actor) => actor.arrive()));
    for (let round = 1; round <= rounds; round++) {
      signal?.throwIfAborted();
      const stop = actors.map((actor) => actor.work(new Random(random.int(2 ** 31))));
      await wait(30 + random.int(250));
      await servers.kill();
      for (const one of stop) one();
      await servers.start();
      servers.prepare();
      isBack();
      // What has no answer by then counts as never answered.
      await Promise.race([Promise.all(actors.map((actor) => actor.quiet())), wait(PATIENCE)]);
      const { verdicts, different } = await inspect(servers.url, actors, file === undefined && shared === undefined);
      verdict = sum(verdicts);
      diverged += different;
      const { acknowledged, lost, doubled, interrupted } = verdict;
      report(`round ${round}: acknowledged ${acknowledged}, lost ${lost}, doubled ${doubled}, diverged ${diverged}, interrupted ${interrupted}`);
      if (until(verdict)) break;
    }
  } finally {
    for (const actor of actors) actor.leave();
    await servers.end();
  }
  const resumes = { delta: 0, snapshot: 0 };
  for (const actor of actors) for (const how of ["delta", "snapshot"] as const) resumes[how] += actor.resumes[how];
  return { ...verdict, rounds, diverged, resumes, incarnations: actors.reduce((total, { incarnations }) => total + incarnations.size - 1, 0) };
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** One client: what it asks for, and what it is told. */
class Actor {
  readonly calls: Call[] = [];
  readonly incarnations = new Set<string>();
  readonly jar = new Jar();
  readonly resumes: Resumes = { delta: 0, snapshot: 0 };
  readonly #client: Client;
  readonly log: Twin;
  readonly tally: Twin;
  #pending = new Set<Promise<void>>();

  constructor(
    readonly number: number,
    url: string,
    readonly inRoom: boolean,
  ) {
    const told = new Set<string>();
    this.#client = createClient({
      url,
      fetch: hearing(this.jar.fetch as typeof fetch, (how, store) => {
        if (told.has(store)) this.resumes[how]++;
        told.add(store);
      }),
    });
    this.log = this.#client.twin(inRoom ? "roomLog" : "log", inRoom ? "hall" : null);
    this.tally = this.#client.twin(inRoom ? "roomTally" : "tally", inRoom ? "hall" : null);
  }

  async arrive(): Promise<void> {
    for (const twin of [this.log, this.tally]) {
      twin.use();
      await twin.ready;
    }
  }

  /** Calls events until the returned function is called. */
  work(random: Random): () => void {
    let over = false;
    void (async () => {
      while (!over) {
        this.#call(random.chance(0.25) ? 2 + random.int(4) : 1);
        if (this.#pending.size >= WINDOW) await Promise.race(this.#pending);
        if (random.chance(0.3)) await wait(random.int(8));
      }
    })();
    return () => {
      over = true;
    };
  }

  #call(count: number): void {
    const ids = Array.from({ length: count }, (_, i) => `${this.number}.${this.calls.length}${count > 1 ? `.${i}` : ""}`);
    const call: Call = { client: this.number, ids };
    this.calls.push(call);
    const answer = this.log.event(count > 1 ? "many" : "add")?.(...ids) as PromiseLike<unknown>;
    void follow(call, answer, this.#pending);
  }

  /** Resolves when all calls have an answer, and the stream is back. */
  async quiet(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    const { status } = this.#client;
    while (status.current.status !== "online") {
      await new Promise<void>((resolve) => {
        const stop = status.subscribe(() => {
          stop();
          resolve();
        });
      });
    }
    const have = (this.log as unknown as { have?: readonly [string, number] }).have;
    if (have) this.incarnations.add(have[0]);
  }

  sees(): Seen {
    return { log: idsOf(this.log), tally: idsOf(this.tally) };
  }

  leave(): void {
    this.#client.close();
  }
}

const idsOf = (twin: Twin) => (twin.mirror.read("ids") ?? []) as string[];

/** What there is, as a client sees it that has just come; and how many of those who were there see something else. */
async function inspect(url: string, actors: readonly Actor[], forgets: boolean): Promise<{ verdicts: Verdict[]; different: number }> {
  const verdicts: Verdict[] = [];
  let different = 0;
  const hosts = [actors.filter(({ inRoom }) => inRoom), ...actors.filter(({ inRoom }) => !inRoom).map((actor) => [actor])];
  await Promise.all(
    hosts.map(async (members) => {
      const [first] = members;
      if (!first) return;
      const client = createClient({ url, fetch: first.jar.fetch });
      const [log, tally] = [client.twin(first.log.store, first.log.key), client.twin(first.tally.store, first.tally.key)];
      for (const twin of [log, tally]) {
        twin.use();
        await twin.ready;
      }
      const truth = { log: idsOf(log), tally: idsOf(tally) };
      client.close();
      verdicts.push(
        judge(
          members.flatMap(({ calls }) => calls),
          truth,
          forgets,
        ),
      );
      for (const member of members) if (!(await agrees(member, truth))) different++;
    }),
  );
  return { verdicts, different };
}

/** Whether a twin comes to show the truth, as its stream may be a little behind. */
async function agrees(actor: Actor, truth: Seen): Promise<boolean> {
  const wanted = JSON.stringify(truth);
  for (let patience = 0; patience < 100; patience++) {
    if (JSON.stringify(actor.sees()) === wanted) return true;
    await wait(50);
  }
  return false;
}
