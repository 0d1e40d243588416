import { beforeAll, describe, expect, inject, test } from "vitest";
import { sampleInput, TestAgent } from "../kit/agent.js";

// The door for agents, as Next serves it in the demo's production build.

const ROUTE = "/api/mcp";
const KEY = `agents-${Date.now().toString(36)}`;
/** What the demo keeps from agents. */
const HIDDEN = /^(account|profile|bulletin|look|contacts|checksum|booking|stock)/;

describe("an agent with the official client, on the built demo", () => {
  let url: string;
  beforeAll(() => {
    url = inject("demo").url + ROUTE;
  });

  test("lists every event that it may call, and calls each: there are values, and refusals with codes of their own", async () => {
    const agent = await TestAgent.connect(url);
    const { tools } = await agent.client.listTools();
    const names = tools.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["todo-add", "todo-Item-toggle", "board-move", "poll-vote", "polls-create", "chat-answer"]));
    expect(names.filter((name) => HIDDEN.test(name))).toEqual([]);
    // Only the server opens a poll.
    expect(names).not.toContain("poll-begin");
    const { paths } = (await (await fetch(`${inject("demo").url}/api/openapi`)).json()) as { paths: Record<string, { post: { operationId: string } }> };
    const described = Object.values(paths).map(({ post }) => post.operationId);
    expect(names.filter((name) => !described.includes(name))).toEqual([]);
    expect(described.filter((name) => !names.includes(name)).every((name) => HIDDEN.test(name))).toBe(true);

    const outcomes: Record<string, string> = {};
    for (const { name, inputSchema } of tools) outcomes[name] = (await agent.call(name, sampleInput(inputSchema))).error?.code ?? "done";
    // Nothing fails.
    expect(Object.entries(outcomes).filter(([, code]) => /^(INTERNAL|UNKNOWN_OUTCOME|INTERRUPTED)$/.test(code))).toEqual([]);
    expect(Object.values(outcomes).filter((code) => code === "done").length).toBeGreaterThan(5);
    for (const { uri } of (await agent.client.listResources()).resources) await agent.read(uri);
  });

  test("calls events as a visitor of its own, sees what they change, and is told of changes", async () => {
    const [agent, other] = [await TestAgent.connect(url), await TestAgent.connect(url)];
    const { value: id } = await agent.call("todo-add", { args: ["buy tea"] });
    expect((await agent.read("twin://todo")).items).toMatchObject([{ title: "buy tea", done: false }]);
    expect((await other.read("twin://todo")).items).toEqual([]);
    const [item] = (await agent.read("twin://todo")).items;
    expect(id === undefined || typeof id === "string").toBe(true);
    await agent.call("todo-Item-toggle", { on: item.$on, args: [] });
    expect((await agent.read("twin://todo")).items).toMatchObject([{ title: "buy tea", done: true }]);

    await agent.client.subscribeResource({ uri: `twin://board/${KEY}` });
    await other.call("board-add", { key: KEY, args: ["todo", "from an agent"] });
    await expect.poll(() => agent.changed).toContain(`twin://board/${KEY}`);
    expect((await agent.read(`twin://board/${KEY}`)).columns[0].cards).toMatchObject([{ title: "from an agent" }]);
  });

  test("gets typed refusals, and what is private or guarded is not there for it", async () => {
    const agent = await TestAgent.connect(url);
    expect((await agent.call("todo-add", { args: [""] })).error).toMatchObject({ code: "INVALID", data: { issues: [{ path: [0] }] } });
    expect((await agent.call("board-add", { key: "No Such Key", args: ["todo", "x"] })).error).toMatchObject({ code: "FORBIDDEN" });
    expect((await agent.call("poll-vote", { key: "nobody-asked", args: ["0"] })).error).toMatchObject({ code: expect.stringMatching(/FORBIDDEN|INVALID/) });
    for (const name of ["bulletin-compose", "bulletin-publish", "account-signIn", "profile-note", "poll-begin", "bulletin-record"])
      await expect(agent.client.callTool({ name, arguments: { args: ["x"] } }), name).rejects.toThrow("There is no tool");
    const uris = (await agent.client.listResources()).resources.map(({ uri }) => uri);
    expect(uris.filter((uri) => HIDDEN.test(uri.replace("twin://", "")))).toEqual([]);
    for (const uri of ["twin://bulletin", "twin://profile", "twin://account"]) await expect(agent.read(uri), uri).rejects.toThrow("There is no resource");
  });

  test("no page of a browser may use the door", async () => {
    const response = await fetch(url, {
      method: "POST",
      headers: { origin: inject("demo").url, "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: {} }),
    });
    expect(response.status).toBe(403);
  });
});
