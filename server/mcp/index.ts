import { notATwin } from "../../lib/errors/agent-errors.js";
import { badOption } from "../../lib/errors/setup-errors.js";
import { checkOrigins } from "../access/origins.js";
import type { Runtime } from "../runtime.js";
import { Agents } from "./agents.js";

/** The options of `mcp`. */
export interface McpOptions {
  /**
   * How clients name the server to their users.
   * @default "twin"
   */
  name?: string | undefined;
  /** @default "1" */
  version?: string | undefined;
  /** What a model should know before it uses the tools: what the app is for, and how its events go together. */
  instructions?: string | undefined;
  /**
   * What agents get of the stores and events: it is asked with `"todo"`, `"todo.add"`, `"todo.Item.toggle"`. What it leaves out is to them as if it were not
   * there. It is no permission: those are guards.
   * @default all that clients may call and see
   * @example mcp(twin, { expose: (name) => !/^(account|bulletin)/.test(name) })
   */
  expose?: ((name: string) => boolean) | undefined;
  /**
   * The origins whose pages may ask. Requests of all other pages are refused, also of the app's own.
   * @default the `origins` of `createTwin`
   */
  origins?: readonly string[] | undefined;
  /**
   * How many agents may be connected at a time. The one that was idle for the longest time goes for a new one.
   * @default 1000
   */
  maxAgents?: number | undefined;
  /**
   * How long an agent without an open stream may be idle, in ms, before it has to connect anew.
   * @default 1_800_000 (30 minutes)
   */
  idle?: number | undefined;
}

type RouteHandler = (request: Request) => Promise<Response>;

/** The route handlers of the door for agents. */
export interface McpHandlers {
  readonly GET: RouteHandler;
  readonly POST: RouteHandler;
  readonly DELETE: RouteHandler;
}

const RUNTIME = Symbol.for("twinstate.runtime");

/**
 * The door for agents: a server of the Model Context Protocol, by streamable HTTP. Each event that the caller may call is a tool, and each store that they may
 * see is a resource. It needs the package `@modelcontextprotocol/sdk`.
 * @throws StateError where `twin` is none of `createTwin`, and for an option that has no possible value
 * @example
 * // app/mcp/route.ts
 * export const { GET, POST, DELETE } = mcp(twin);
 */
export function mcp(twin: object, options: McpOptions = {}): McpHandlers {
  const runtime = (twin as { [RUNTIME]?: Runtime } | undefined)?.[RUNTIME];
  if (!runtime) throw notATwin();
  checkOptions(options);
  const agents = new Agents(runtime, options);
  const handle: RouteHandler = (request) => agents.handle(request);
  return { GET: handle, POST: handle, DELETE: handle };
}

function checkOptions({ expose, origins, maxAgents = 1, idle = 1 }: McpOptions): void {
  if (expose !== undefined && typeof expose !== "function") throw badOption("expose", "is not a function");
  if (origins !== undefined) checkOrigins(origins);
  for (const [name, value] of Object.entries({ maxAgents, idle }))
    if (!(typeof value === "number" && value > 0)) throw badOption(name, "is not a number above 0");
}
