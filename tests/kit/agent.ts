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
