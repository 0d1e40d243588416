import { foreignPage, unknownAgent } from "../../lib/errors/agent-errors.js";
import { closing } from "../../lib/errors/errors.js";
import { userOf } from "../access/access.js";
import { RETRY, type TwinRequest } from "../access/callers.js";
import type { Runtime } from "../runtime.js";
import { errorShapeOf, statusOf } from "../wire/error-shape.js";
import { Agent } from "./agent.js";
import { Exposed } from "./exposed.js";
import type { McpOptions } from "./index.js";

const MINUTE = 60_000;

/** The agents that are connected: each has an id, a session of the twin, and a tab of its own. */
export class Agents {
  readonly #runtime: Runtime;
  readonly #options: McpOptions;
  readonly #exposed: Exposed;
  readonly #most: number;
  readonly #idle: number;
  /** The agents by their ids, the one that was used last at the end. */
  readonly #agents = new Map<string, Agent>();
  #sweeper: NodeJS.Timeout | undefined;

  constructor(runtime: Runtime, options: McpOptions) {
    const { maxAgents = 1000, idle = 30 * MINUTE } = options;
    this.#runtime = runtime;
    this.#options = options;
    this.#exposed = new Exposed(() => runtime.definitions, options);
    this.#most = maxAgents;
    this.#idle = idle;
    runtime.ends.add(() => this.#stop());
  }

  /** Answers one request to the route. */
  async handle(request: Request): Promise<Response> {
    try {
      const foreign = this.#foreign(request.headers);
      if (foreign !== undefined) return refused(403, foreignPage(foreign));
      if (this.#runtime.closing) throw closing(RETRY);
      const id = request.headers.get("mcp-session-id");
      return id === null ? await this.#begin(request) : await this.#goOn(id, request);
    } catch (error) {
      const { code, message, data } = errorShapeOf(error, this.#runtime.report);
      return refused(statusOf(code), message, { code, data });
    }
  }

  /**
   * The page that asks, if it may not. The session of an agent is no cookie, so a page could make one; a name that leads to this machine (DNS rebinding) would
   * make it a page of the same origin. So no page may ask whose origin is not named.
   */
  #foreign(headers: Headers): string | undefined {
    const { origins = this.#runtime.origins } = this.#options;
    const origin = headers.get("origin");
    if (origin !== null) return origins.includes(origin) ? undefined : origin;
    const site = headers.get("sec-fetch-site") ?? "none";
    return site === "none" ? undefined : site;
  }

  async #begin(request: Request): Promise<Response> {
    const agent = new Agent(this.#runtime, this.#exposed, this.#options);
    const asked = agent.request(request.headers);
    agent.user = userOf(await asked.context());
    this.#runtime.sessionLimits.arrive(asked.address, 1);
    await agent.open({
      began: (id) => this.#keep(id, agent),
      ended: (id) => this.#agents.delete(id),
    });
    const response = await agent.handle(request, asked);
    if (!agent.began) await agent.close();
    return response;
  }

  async #goOn(id: string, request: Request): Promise<Response> {
    const agent = this.#agents.get(id);
    if (!agent) return refused(404, unknownAgent());
    const asked = agent.request(request.headers);
    if (!(await sameUser(agent, asked))) return refused(404, unknownAgent());
    this.#agents.delete(id);
    this.#agents.set(id, agent);
    agent.used = Date.now();
    return agent.handle(request, asked);
  }

  #keep(id: string, agent: Agent): void {
    for (const [, one] of this.#agents) {
      if (this.#agents.size < this.#most) break;
      void one.close();
    }
    this.#agents.set(id, agent);
    this.#sweeper ??= setInterval(() => this.#sweep(), Math.min(MINUTE, this.#idle)).unref();
  }

  #sweep(): void {
    const due = Date.now() - this.#idle;
    for (const agent of [...this.#agents.values()]) if (!agent.listens && agent.used < due) void agent.close();
  }

  #stop(): void {
    clearInterval(this.#sweeper);
    for (const agent of [...this.#agents.values()]) void agent.close();
  }
}

/** Whether a request comes from the user whose agent it is. Who signs in or out is another agent, as another user is. */
async function sameUser(agent: Agent, request: TwinRequest): Promise<boolean> {
  const user = userOf(await request.context());
  if (user !== undefined && agent.user !== undefined && user !== agent.user) return false;
  agent.user = user;
  return true;
}

const refused = (status: number, message: string, data?: object) =>
  Response.json({ jsonrpc: "2.0", error: { code: -32000, message, ...(data && { data }) }, id: null }, { status });
