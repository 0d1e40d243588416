import { type Client, createClient } from "../../client/client.js";
import { Jar } from "../kit/http.js";
import { follow, type Outcome } from "../kit/outcome.js";
import { Random } from "../kit/random.js";
import type { Bug } from "./bugs.js";
import { isBack } from "./line.js";
import { freePort, Servers } from "./servers.js";

export interface BankOptions {
  readonly kills: number;
  readonly file: string;
  /** The URL of a Redis or a PostgreSQL that has the state, in place of the file. */
  readonly shared?: string | undefined;
  readonly clients?: number;
  readonly seed?: number;
  /** A mistake that the server shall make. */
  readonly bug?: Bug;
  /** Ends it early. */
  readonly until?: (report: BankReport) => boolean;
  readonly report?: (line: string) => void;
  /** Nobody waits for it any more. */
  readonly signal?: AbortSignal;
}

export interface BankReport {
  /** How many transfers, and events of several commits, were acknowledged. */
  acknowledged: number;
  /** How many events of several commits were cut off. */
  interrupted: number;
  /** The sum of all balances: 0 where each transfer was counted once at both ends. */
  sum: number;
  /** Acknowledged, and not there at one end. */
  lost: number;
  /** There twice at one end. */
  doubled: number;
  /** There at one end alone. */
  torn: number;
  /** Answered with something else, or never; cut off without the hook, or told to it twice; or still half done. */
  wrong: number;
}

/** What one account holds. */
export interface Books {
  readonly balance: number;
  readonly sent: readonly string[];
  readonly got: readonly string[];
  readonly open: readonly string[];
  readonly ended: readonly string[];
  readonly cut: readonly string[];
}

/** One call of a client. */
export interface Call {
  readonly id: string;
  readonly event: "give" | "pass" | "slowly";
  outcome?: Outcome;
}

/** How many accounts there are. */
export const ACCOUNTS = 8;
/** How many calls of a client may have no answer. */
const WINDOW = 3;
const PATIENCE = 30_000;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Kills a bank under load at random instants, and looks whether its books are right when all is quiet. */
export async function bank({ kills, file, shared, clients = 8, seed = Date.now(), bug, report = () => {}, until, signal }: BankOptions): Promise<BankReport> {
  const random = new Random(seed);
  const servers = new Servers(await freePort(), { FILE: file, ...(shared && { SHARED: shared }), ...(bug && { BUG: bug }) }, "bank-server");
  signal?.addEventListener("abort", () => void servers.end());
  await servers.start();
  servers.prepare();
  const customers = Array.from({ length: clients }, (_, number) => new Customer(number, servers.url));
  const judged = async () =>
    audit(
      customers.flatMap(({ calls }) => calls),
      await books(servers.url),
    );
  try {
    for (let kill = 1; kill <= kills; kill++) {
      signal?.throwIfAborted();
      const stop = customers.map((customer) => customer.work(new Random(random.int(2 ** 31))));
      await wait(30 + random.int(250));
      await servers.kill();
      for (const one of stop) one();
      await servers.start();
      servers.prepare();
      isBack();
      await Promise.race([Promise.all(customers.map((customer) => customer.quiet())), wait(PATIENCE)]);
      report(`kill ${kill}: ${customers.reduce((total, { calls }) => total + calls.length, 0)} calls`);
      if (until?.(await judged())) break;
    }
    return await judged();
  } finally {
    for (const customer of customers) customer.leave();
    await servers.end();
  }
}

/** Makes a random order of a client. Money goes to accounts of higher numbers alone, so that none wait for each other in a circle. */
export function orderOf(random: Random, id: string): { event: Call["event"]; from: string; args: unknown[] } {
  const from = random.int(ACCOUNTS - 2);
  const by = from + 1 + random.int(ACCOUNTS - 2 - from);
  const to = by + 1 + random.int(ACCOUNTS - 1 - by);
  const amount = 1 + random.int(100);
  if (random.chance(0.15)) return { event: "slowly", from: `${from}`, args: [id] };
  if (random.chance(0.3)) return { event: "pass", from: `${from}`, args: [`${by}`, `${to}`, amount, id] };
  return { event: "give", from: `${from}`, args: [`${to}`, amount, id] };
}

/** One client of the bank. */
class Customer {
  readonly calls: Call[] = [];
  readonly #number: number;
  readonly #client: Client;
  readonly #pending = new Set<Promise<void>>();

  constructor(number: number, url: string) {
    this.#number = number;
    this.#client = createClient({ url, fetch: new Jar().fetch });
  }

  /** Calls events until the returned function is called. */
  work(random: Random): () => void {
    let over = false;
    void (async () => {
      while (!over) {
        this.#call(random);
        if (this.#pending.size >= WINDOW) await Promise.race(this.#pending);
        if (random.chance(0.3)) await wait(random.int(8));
      }
    })();
    return () => {
      over = true;
    };
  }

  #call(random: Random): void {
    const id = `${this.#number}.${this.calls.length}`;
    const { event, from, args } = orderOf(random, id);
    const call: Call = { id, event };
    this.calls.push(call);
    const twin = this.#client.twin("account", from);
    void follow(call, twin.event(event)?.(...args) as PromiseLike<unknown>, this.#pending);
  }

  async quiet(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  leave(): void {
    this.#client.close();
  }
}

/** All accounts, as a client sees them that has just come. */
async function books(url: string): Promise<Books[]> {
  const client = createClient({ url, fetch: new Jar().fetch });
  const accounts = Array.from({ length: ACCOUNTS }, async (_, number) => {
    const twin = client.twin("account", `${number}`);
    twin.use();
    await twin.ready;
    const list = (name: string) => (twin.mirror.read(name) ?? []) as string[];
    return {
      balance: twin.mirror.read("balance") as number,
      sent: list("sent"),
      got: list("got"),
      open: list("open"),
      ended: list("ended"),
      cut: list("cut"),
    };
  });
  return Promise.all(accounts).finally(() => client.close());
}

/** Judges the bank by what its clients were told, and by its books. */
export function audit(calls: readonly Call[], accounts: readonly Books[]): BankReport {
  const report: BankReport = { acknowledged: 0, interrupted: 0, sum: 0, lost: 0, doubled: 0, torn: 0, wrong: 0 };
  for (const { balance } of accounts) report.sum += balance;
  const counts = (name: "sent" | "got" | "ended" | "cut" | "open") => {
    const found = new Map<string, number>();
    for (const account of accounts) for (const id of account[name]) found.set(id, (found.get(id) ?? 0) + 1);
    return (id: string) => found.get(id) ?? 0;
  };
  const [sent, got, ended, cut, open] = [counts("sent"), counts("got"), counts("ended"), counts("cut"), counts("open")];
  for (const { id, event, outcome } of calls) {
    if (!outcome) report.wrong++;
    else if ("value" in outcome) {
      report.acknowledged++;
      if (outcome.value !== id) report.wrong++;
    } else if (outcome.error === "INTERRUPTED" && event === "slowly") report.interrupted++;
    else report.wrong++;
    if (event === "slowly") {
      if (ended(id) !== (outcome && "value" in outcome ? 1 : 0) || cut(id) !== (outcome && "error" in outcome ? 1 : 0) || open(id) > 0) report.wrong++;
      continue;
    }
    // A transfer by way of another account is two.
    for (const part of event === "pass" ? [id, `${id}.`] : [id]) {
      const [out, inside] = [sent(part), got(part)];
      if (out > 1 || inside > 1) report.doubled++;
      else if (out !== inside) report.torn++;
      else if (out === 0 && outcome && "value" in outcome) report.lost++;
    }
  }
  return report;
}
