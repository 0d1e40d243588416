import { ErrorCode, McpError } from "@modelcontextprotocol/sdk/types.js";
import { unknownTool } from "../../lib/errors/agent-errors.js";
import type { Effect } from "../../lib/wire/protocol.js";
import { decodeValue } from "../../lib/wire/value-codec.js";
import type { TwinRequest } from "../access/callers.js";
import { mayUse } from "../access/permission.js";
import type { PlainSinks } from "../call/plain-sinks.js";
import { type Definition, isKeyed } from "../definition/scope.js";
import type { Runtime } from "../runtime.js";
import { errorShapeOf } from "../wire/error-shape.js";
import { jsonOf } from "../wire/plain-values.js";
import { agentCaller } from "./caller.js";
import type { Exposed } from "./exposed.js";

/** Lists the events that an agent may call, as far as that can be known before it does. */
export async function listTools(runtime: Runtime, exposed: Exposed, request: TwinRequest) {
  const caller = await agentCaller(runtime, request);
  const allowed = new Map<Definition, boolean>();
  for (const definition of exposed.stores.values()) allowed.set(definition, await mayUse(definition, caller));
  return [...exposed.tools.values()]
    .filter(({ definition }) => allowed.get(definition))
    .map(({ name, description, inputSchema, definition }) => ({
      name,
      description: isKeyed(definition.kind) ? `${description} \`key\` says which ${definition.name}.` : description,
      inputSchema,
    }));
}

/** Calls an event. A refusal is the tool's result, so that the model can read it. */
export async function callTool(
  runtime: Runtime,
  exposed: Exposed,
  request: TwinRequest,
  { name, arguments: given = {} }: { name: string; arguments?: Record<string, unknown> | undefined },
  sinks: Pick<PlainSinks, "yielded" | "signal">,
) {
  const tool = exposed.tools.get(name);
  if (!tool) throw new McpError(ErrorCode.InvalidParams, unknownTool(name));
  const had: { name: string; args: unknown }[] = [];
  const effects = (list: readonly Effect[]) => () => {
    for (const [effect, args] of list) had.push({ name: effect, args: jsonOf(decodeValue(args)) });
  };
  const { key, on, args = [] } = given;
  const more = () => (had.length > 0 ? { effects: had } : {});
  try {
    const value = await runtime.dispatcher.invoke(request, tool.path, { key, on, args }, { ...sinks, effects });
    return result({ ...(value !== undefined && { value }), ...more() });
  } catch (error) {
    const { code, message, data } = errorShapeOf(error, runtime.report);
    return { ...result({ error: { code, message, ...(data !== undefined && { data }) }, ...more() }), isError: true };
  }
}

const result = (told: Record<string, unknown>) => ({ content: [{ type: "text" as const, text: JSON.stringify(told) }], structuredContent: told });
