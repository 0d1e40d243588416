import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { type McpOptions, mcp } from "twinstate/server/mcp";
import { onTestFinished } from "vitest";
import { type Site, serve } from "./http.js";

/** Serves a twin's door for agents over real HTTP, until the test ends. */
export async function serveAgents(twin: object, options?: McpOptions): Promise<Site> {
  const site = await serve(mcp(twin, options), "/mcp");
  onTestFinished(() => site.close());
  return site;
}

/** An agent with the official client of the Model Context Protocol. */
export class TestAgent {
  readonly client = new Client({ name: "test", version: "1" });
  readonly transport: StreamableHTTPClientTransport;
  /** The resources of whose changes it was told. */
  readonly changed: string[] = [];

  private constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
    this.client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params: { uri } }) => void this.changed.push(uri));
  }

  static async connect(url: string, headers: Readonly<Record<string, string>> = {}): Promise<TestAgent> {
    const agent = new TestAgent(url, headers);
    // The SDK's own types do not go with `exactOptionalPropertyTypes` in all versions.
    await agent.client.connect(agent.transport as never);
    onTestFinished(() => agent.client.close());
    return agent;
  }

  async tools(): Promise<string[]> {
    return (await this.client.listTools()).tools.map(({ name }) => name);
  }

  /** Calls a tool, and gives what it says. */
  async call(
    name: string,
    input: Record<string, unknown> = {},
  ): Promise<{ value?: any; effects?: any; error?: { code: string; message: string; data?: any } }> {
    const { structuredContent } = await this.client.callTool({ name, arguments: input });
    return structuredContent as object;
  }

  async read(uri: string): Promise<any> {
    const { contents } = await this.client.readResource({ uri });
    return JSON.parse((contents[0] as { text: string }).text);
  }
}

/** What an agent may give to a tool, by its schema. */
export const sampleInput = ({ properties, required = [] }: { properties?: any; required?: string[] }): Record<string, unknown> => ({
  args: sample(properties?.args),
  ...(required.includes("key") && { key: "aaaaaaaaaaaaaaaaaaaaaa" }),
  ...(required.includes("on") && { on: ["x", 1, 1] }),
});

/** A value that a JSON Schema takes. */
function sample(schema: any): unknown {
  if ("const" in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  const [choice] = schema.anyOf ?? schema.oneOf ?? [];
  if (choice) return sample(choice);
  if (schema.type === "string") return "a".repeat(Math.max(schema.minLength ?? 3, 3));
  if (schema.type === "number" || schema.type === "integer") return schema.minimum ?? 1;
  if (schema.type === "boolean") return true;
  if (schema.type === "array") return (schema.prefixItems ?? []).map(sample);
  if (schema.type === "object") return Object.fromEntries((schema.required ?? []).map((name: string) => [name, sample(schema.properties[name])]));
  return "a";
}
