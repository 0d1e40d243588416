import { once } from "node:events";
import { Agent, type ClientRequest, createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { NAME } from "./requests.js";

/** How often nodes are asked whether they are ready, and how long an answer may take, in ms. One that takes longer gets no new requests. */
const EVERY = 300;
const LATEST = 1000;
/** After how many ms without an answer a node counts as gone. On a busy machine one that is well may take a second. */
const GONE = 3000;

interface Target {
  readonly port: number;
  readonly agent: Agent;
  /** Requests that are under way. */
  readonly open: Set<ClientRequest>;
  ready: boolean;
  /** When it has answered last. */
  heard: number;
}

/** Gives each request to the next node, by turns and without sticky sessions. Nodes that do not answer are left out, and what is under way there is broken off. */
export class Balancer {
  readonly #server: Server;
  readonly #targets = new Map<number, Target>();
  readonly #checks: NodeJS.Timeout;
  /** To which nodes each request was given, one after the other. */
  readonly ways = new Map<string, number[]>();
  #turn = 0;

  private constructor() {
    this.#server = createServer((req, res) => void this.#take(req, res));
    this.#checks = setInterval(() => void this.#check(), EVERY);
  }

  static async start(): Promise<Balancer> {
    const balancer = new Balancer();
    balancer.#server.listen(0, "127.0.0.1");
    await once(balancer.#server, "listening");
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}/api/twin`;
  }

  add(port: number): void {
    this.#targets.set(port, { port, agent: new Agent({ keepAlive: true }), open: new Set(), ready: true, heard: performance.now() });
  }

  /** A node gets no new requests. What is under way there goes on. */
  remove(port: number): void {
    this.#targets.delete(port);
  }

  close(): void {
    clearInterval(this.#checks);
    this.#server.close();
    this.#server.closeAllConnections();
    for (const { agent } of this.#targets.values()) agent.destroy();
  }

  // --- which node ---

  async #check(): Promise<void> {
    await Promise.all(
      [...this.#targets.values()].map(async (target) => {
        const [ready, lives] = await Promise.all([statusOf(target.port, "ready"), statusOf(target.port, "health")]);
        target.ready = ready === 200;
        // One that waits for its storage is not ready, and answers all the same.
        if (lives !== undefined) target.heard = performance.now();
        if (!isThere(target)) for (const one of target.open) one.destroy();
      }),
    );
  }

  /** The nodes in the order in which they are tried: those that are ready first. */
  #order(): Target[] {
    const all = [...this.#targets.values()];
    const turn = this.#turn++;
    const byTurns = (some: readonly Target[]) => some.map((_, n) => some[(n + turn) % some.length] as Target);
    return [...byTurns(all.filter(({ ready }) => ready)), ...byTurns(all.filter((target) => !target.ready && isThere(target)))];
  }

  // --- requests ---

  async #take(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await buffer(req).catch(() => Buffer.alloc(0));
    for (const target of this.#order()) if (await this.#pass(target, req, body, res)) return;
    res.writeHead(502).end();
  }

  /** Passes a request on. `false`: the node takes no connections, so another one may have it. */
  #pass(target: Target, { method = "GET", url = "", headers }: IncomingMessage, body: Buffer, res: ServerResponse): Promise<boolean> {
    const name = String(headers[NAME]);
    this.ways.set(name, [...(this.ways.get(name) ?? []), target.port]);
    return new Promise((resolve) => {
      const passed = request({ port: target.port, host: "127.0.0.1", path: url, method, headers, agent: target.agent }, (answer) => {
        res.writeHead(answer.statusCode as number, answer.headers);
        res.flushHeaders();
        answer.pipe(res);
        answer.on("error", () => res.destroy());
        answer.on("end", () => resolve(true));
      });
      target.open.add(passed);
      res.on("close", () => passed.destroy());
      passed.on("close", () => target.open.delete(passed));
      passed.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "ECONNREFUSED") return resolve(false);
        if (res.headersSent) res.destroy();
        else res.writeHead(502).end();
        resolve(true);
      });
      passed.end(body);
    });
  }
}

const isThere = ({ heard }: Target) => performance.now() - heard < GONE;

/** What a node says of itself; nothing where it is silent. */
function statusOf(port: number, what: "ready" | "health"): Promise<number | undefined> {
  return new Promise((resolve) => {
    const asked = request({ port, host: "127.0.0.1", path: `/api/twin/${what}`, timeout: LATEST, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(undefined));
    asked.end();
  });
}
