import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TwinServer } from "twinstate/server";
import { expect, onTestFinished, test, vi } from "vitest";
import { sampleInput, serveAgents, TestAgent } from "../kit/agent.js";
import "../kit/app.js";

test("the official client lists and calls every event of the demo that it may call, and reads every store", async () => {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-mcp-"));
  vi.stubEnv("TWIN_FILE", join(folder, "twin.db"));
  vi.stubEnv("AUTH_DATABASE", ":memory:");
  vi.stubEnv("TWINSTATE_SECRET", "a secret of the test's own");
  // What the demo declares of its context holds for its own program alone.
  const path = "../../demo-next/state/server.js";
  const { twin } = (await import(/* @vite-ignore */ path)) as { twin: TwinServer<object> };
  onTestFinished(async () => {
    await twin.close();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
  const { url } = await serveAgents(twin);
  const agent = await TestAgent.connect(url);
  const { tools } = await agent.client.listTools();
  const names = tools.map(({ name }) => name);
  // A guest has no profile, and nobody but the server opens a poll.
  expect(names.filter((name) => name.startsWith("profile"))).toEqual([]);
  expect(names).toEqual(expect.arrayContaining(["todo-add", "board-move", "poll-vote", "chat-answer", "account-signIn", "look-choose"]));
  expect(names).not.toContain("poll-begin");
  const described = Object.values(twin.openapi().paths).map(({ post }) => (post as { operationId: string }).operationId);
  expect(names.filter((name) => !described.includes(name))).toEqual([]);
  const outcomes: Record<string, string> = {};
  for (const { name, inputSchema } of tools) {
    const { error } = await agent.call(name, sampleInput(inputSchema));
    outcomes[name] = error?.code ?? "done";
  }
  // Each answer is a value or a refusal with a code of its own: nothing fails.
  expect(Object.entries(outcomes).filter(([, code]) => code === "INTERNAL")).toEqual([]);
  expect(Object.values(outcomes).filter((code) => code === "done").length).toBeGreaterThan(5);
  for (const { uri } of (await agent.client.listResources()).resources) await agent.read(uri);
});
