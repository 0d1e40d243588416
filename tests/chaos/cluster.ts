import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { said } from "../crash/servers.js";
import { RedisServer } from "../kit/redis-server.js";
import { Line } from "../soak/line.js";
import { wait } from "./actor.js";
import { Balancer } from "./balancer.js";
import type { Planted } from "./planted.js";

/** A place for one node after the other, with a line of its own to Redis. */
export interface Place {
  readonly line: Line;
  child: ChildProcess;
  port: number;
  /** Something is wrong with its node, or it is being replaced. */
  ailing: boolean;
  /** Called when it is well again. */
  well?: () => void;
}

export interface ClusterOptions {
  readonly nodes: number;
  /** The lease time of nodes, in ms. */
  readonly lease: number;
  /** A mistake that the nodes shall make. */
  readonly planted?: Planted;
  /** Redis has a replica, which can take its place. */
  readonly replica?: boolean;
}

/** A replica, and the line by which it follows the master. */
interface Follower {
  readonly server: RedisServer;
  readonly line: Line;
}

/** How long a replica gets nothing more before it becomes the master, in ms. */
const BEHIND = 300;

/** Node processes on one Redis, behind a balancer; and what can befall them. */
export class Cluster {
  readonly places: Place[] = [];
  /** How many commits the nodes say that Redis has lost. */
  lost = 0;
  #redis: RedisServer;
  #follower: Follower | undefined;
  readonly #balancer: Balancer;
  readonly #env: Record<string, string>;
  /** The next node has loaded its code, and waits. */
  #next: Promise<ChildProcess> | undefined;
  #over = false;

  private constructor(redis: RedisServer, balancer: Balancer, { lease, planted }: ClusterOptions) {
    this.#redis = redis;
    this.#balancer = balancer;
    this.#env = { LEASE: String(lease), ...(planted && { PLANTED: planted }) };
  }

  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(await RedisServer.start(), await Balancer.start(), options);
    try {
      if (options.replica) await cluster.#follow();
      for (let n = 0; n < options.nodes; n++) {
        const line = await Line.open(cluster.#redis.port);
        cluster.places.push({ line, ...(await cluster.#serve(line)), ailing: false });
      }
    } catch (error) {
      await cluster.end();
      throw error;
    }
    cluster.#prepare();
    return cluster;
  }

  get url(): string {
    return this.#balancer.url;
  }

  /** To which nodes, by their ports, a request was given. */
  wayOf(request: string): readonly number[] {
    return this.#balancer.ways.get(request) ?? [];
  }

  #prepare(): void {
    this.#next ??= this.#load();
    this.#next.catch(() => {});
  }

  async #load(): Promise<ChildProcess> {
    const child = spawn(process.execPath, ["--no-warnings", "--import", "./tests/kit/sources.mjs", "./tests/chaos/node-server.ts"], {
      env: { ...process.env, ...this.#env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    child.stdout?.on("data", (text: Buffer) => {
      for (const [, count] of String(text).matchAll(/^lost (\d+)$/gm)) this.lost += Number(count);
    });
    await said(child, "waiting");
    return child;
  }

  /** Starts a node on a line. */
  async #serve(line: Line): Promise<Pick<Place, "child" | "port">> {
    const next = this.#next ?? this.#load();
    this.#next = undefined;
    const child = await next;
    child.stdin?.write(`redis://127.0.0.1:${line.port}\n`);
    const port = Number(await said(child, "serving"));
    child.stdout?.resume();
    this.#balancer.add(port);
    return { child, port };
  }

  /** A new node in the place of one that is gone. */
  async #replace(place: Place): Promise<void> {
    this.#balancer.remove(place.port);
    if (this.#over) return;
    Object.assign(place, await this.#serve(place.line));
    this.#prepare();
  }

  // --- faults ---

  /** Ends a node at once, and starts another one. */
  async kill(place: Place): Promise<void> {
    await end(place.child, "SIGKILL");
    await this.#replace(place);
  }

  /** Ends a node in order, and starts another one. */
  async drain(place: Place): Promise<void> {
    this.#balancer.remove(place.port);
    await end(place.child, "SIGTERM");
    await this.#replace(place);
  }

  freeze({ child }: Place): void {
    child.kill("SIGSTOP");
  }

  thaw({ child }: Place): void {
    child.kill("SIGCONT");
  }

  async restartRedis(signal: NodeJS.Signals): Promise<void> {
    await this.#redis.stop(signal);
    if (!this.#over) await this.#redis.restart();
  }

  async #follow(): Promise<void> {
    const line = await Line.open(this.#redis.port);
    this.#follower = { line, server: await RedisServer.start({ replicaof: `127.0.0.1 ${line.port}` }) };
  }

  /** A replica takes the place of the master, and lacks what the master has written in the last moments. */
  async failOver(): Promise<void> {
    const [master, follower] = [this.#redis, this.#follower];
    if (!follower) throw new Error("there is no replica");
    const { line, server } = follower;
    // One that has not got the whole yet would have nothing.
    while (!String(await server.ask("info", "replication")).includes("master_link_status:up")) await wait(50);
    line.stall();
    await wait(BEHIND);
    await server.ask("replicaof", "no", "one");
    line.close();
    this.#redis = server;
    for (const place of this.places) place.line.lead(server.port);
    await master.end();
    if (!this.#over) await this.#follow();
  }

  async end(): Promise<void> {
    this.#over = true;
    this.#balancer.close();
    for (const { child, line } of this.places) {
      await end(child, "SIGKILL");
      line.close();
    }
    await this.#next?.then((child) => end(child, "SIGKILL")).catch(() => {});
    this.#follower?.line.close();
    await this.#follower?.server.end();
    await this.#redis.end();
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, "exit");
}
