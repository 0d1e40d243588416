import { ErrorCode, McpError } from "@modelcontextprotocol/sdk/types.js";
import { unknownResource } from "../../lib/errors/agent-errors.js";
import type { TwinRequest } from "../access/callers.js";
import { mayUse } from "../access/permission.js";
import { isKeyed } from "../definition/scope.js";
import type { Runtime } from "../runtime.js";
import { errorShapeOf } from "../wire/error-shape.js";
import { agentCaller } from "./caller.js";
import type { Exposed } from "./exposed.js";

/** A store, as agents name it: `twin://todo`, or `twin://board/sprint-42`. */
export interface Resource {
  readonly uri: string;
  readonly store: string;
  readonly key: string | undefined;
}

const JSON_TYPE = "application/json";
/** The code of the protocol for a resource that is not there, or not for the caller. */
const NOT_FOUND = -32002;
const REFUSED = -32000;

/** @throws McpError */
export function resourceOf({ stores }: Exposed, uri: string): Resource {
  const [, store = "", named] = /^twin:\/\/([^/?#]+)(?:\/([^?#]*))?$/.exec(uri) ?? [];
  const definition = stores.get(store);
  let key: string | undefined;
  try {
    key = named === undefined ? undefined : decodeURIComponent(named);
  } catch {
    throw new McpError(NOT_FOUND, unknownResource(uri));
  }
  if (!definition || isKeyed(definition.kind) !== (key !== undefined)) throw new McpError(NOT_FOUND, unknownResource(uri));
  return { uri, store, key };
}

export async function listResources(runtime: Runtime, exposed: Exposed, request: TwinRequest) {
  const caller = await agentCaller(runtime, request);
  const resources: { uri: string; name: string; mimeType: string }[] = [];
  for (const [store, definition] of exposed.stores)
    if (!isKeyed(definition.kind) && (await mayUse(definition, caller))) resources.push({ uri: `twin://${store}`, name: store, mimeType: JSON_TYPE });
  return resources;
}

export function listTemplates({ stores }: Exposed) {
  const keyed = [...stores].filter(([, { kind }]) => isKeyed(kind));
  return keyed.map(([store]) => ({ uriTemplate: `twin://${store}/{key}`, name: store, mimeType: JSON_TYPE }));
}

export async function readResource(runtime: Runtime, exposed: Exposed, request: TwinRequest, uri: string) {
  const { store, key } = resourceOf(exposed, uri);
  try {
    const state = await runtime.stateReader.read(request, store, key);
    return { contents: [{ uri, mimeType: JSON_TYPE, text: JSON.stringify(state) }] };
  } catch (error) {
    throw mcpErrorOf(runtime, error);
  }
}

/** A refusal, as the protocol has it. */
export function mcpErrorOf({ report }: Runtime, error: unknown): McpError {
  const { code, message, data } = errorShapeOf(error, report);
  const number = code === "INTERNAL" ? ErrorCode.InternalError : code === "NOT_FOUND" ? NOT_FOUND : REFUSED;
  return new McpError(number, message, { code, ...(data !== undefined && { data }) });
}
