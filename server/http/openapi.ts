import { listEvents } from "../definition/event-list.js";
import { nameInStore } from "../definition/event-path.js";
import { inputSchemaOf, type JsonSchema } from "../definition/input-schema.js";
import type { Definition } from "../definition/scope.js";

/** The options of `twin.openapi`. */
export interface OpenApiOptions {
  /**
   * The address of the twin's route.
   * @default "/api/twin"
   */
  url?: string | undefined;
  /** @default "twin" */
  title?: string | undefined;
  /** @default "1" */
  version?: string | undefined;
}

/** An OpenAPI 3.1 document. */
export interface OpenApi {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: { readonly [path: string]: JsonSchema };
  readonly components: JsonSchema;
}

const REFUSAL = {
  type: "object",
  properties: {
    error: {
      type: "object",
      properties: {
        message: { type: "string" },
        code: { type: "integer" },
        data: {
          type: "object",
          properties: {
            code: { type: "string", description: "The code of the error: `INVALID`, `FORBIDDEN`, the app's own." },
            httpStatus: { type: "integer" },
            data: {},
          },
          required: ["code", "httpStatus"],
        },
      },
      required: ["message", "data"],
    },
  },
  required: ["error"],
};

/** Describes the plain calls of all events that clients may call. Events of tabs are left out, as a plain call comes from no tab. */
export function openApiOf(definitions: ReadonlyMap<string, Definition>, { url = "/api/twin", title = "twin", version = "1" }: OpenApiOptions = {}): OpenApi {
  const paths: Record<string, JsonSchema> = {};
  for (const { path, name, definition, owner, event, description } of listEvents(definitions)) {
    if (definition.kind === "tab" || definition.kind === "keyed-tab") continue;
    const content = (schema: JsonSchema) => ({ "application/json": { schema } });
    const answered = { type: "object", properties: { result: { type: "object", properties: { data: {} } } }, required: ["result"] };
    paths[`/${path.store}.${nameInStore(path)}`] = {
      post: {
        operationId: name,
        description,
        tags: [path.store],
        requestBody: { required: true, content: content(inputSchemaOf(definition, owner, event)) },
        responses: {
          200: { description: "What the event has returned.", content: content(answered) },
          default: { description: "The event is refused, or has failed.", content: content({ $ref: "#/components/schemas/Refusal" }) },
        },
      },
    };
  }
  return { openapi: "3.1.0", info: { title, version }, servers: [{ url }], paths, components: { schemas: { Refusal: REFUSAL } } };
}
