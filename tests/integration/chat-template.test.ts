import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "twinstate/client";
import { expect, onTestFinished, test, vi } from "vitest";
import { startFakeModel } from "../../demo-next/model/fake-model.js";
import { serve } from "../kit/http.js";

// The template `chat` over real HTTP: better-auth, the twin, and the AI SDK with a model server that is made up.

// What the template declares of its context holds for its own program alone.
type Loose = any;

/** Serves the template's two doors. */
async function serveChat() {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-chat-"));
  const model = await startFakeModel();
  for (const [name, value] of Object.entries({ TWIN_FILE: join(folder, "twin.db"), MODEL_URL: model.url, NEXT_RUNTIME: "nodejs" })) vi.stubEnv(name, value);
  const load = (path: string): Promise<Loose> => import(/* @vite-ignore */ `../../create/templates/chat/${path}.js`);
  await (await load("instrumentation")).register();
  const [{ auth }, { twin }] = await Promise.all([load("state/auth"), load("state/server")]);
  const answer = (method: "GET" | "POST") => (request: Request) =>
    new URL(request.url).pathname.startsWith("/api/auth") ? auth.handler(request) : twin.handlers[method](request);
  const site = await serve({ GET: answer("GET"), POST: answer("POST") });
  onTestFinished(async () => {
    await site.close();
    await twin.close();
    await model.close();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
  return site;
}

/** A browser: its cookies, and a client that has them. */
function openBrowser(site: Awaited<ReturnType<typeof serveChat>>) {
  const cookies = new Map<string, string>();
  const get: typeof fetch = async (url, init) => {
    const headers = new Headers(init?.headers);
    headers.set("cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    const response = await fetch(url, { ...init, headers });
    for (const set of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (/Max-Age=0/.test(set)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  };
  const client = connect<Loose>({ url: site.url, fetch: get }) as Loose;
  onTestFinished(() => client.$close());
  const post = (path: string, body: object) =>
    get(`${site.origin}/api/auth${path}`, { method: "POST", headers: { "content-type": "application/json", origin: site.origin }, body: JSON.stringify(body) });
  return { client, post };
}

test("people of the template chat sign up, make a room, see a real model's answer grow, and write no more once they have signed out", async () => {
  const site = await serveChat();
  const [ann, guest] = [openBrowser(site), openBrowser(site)];
  const account = { name: "Ann", email: "ann@mail.example", password: "correct horse" };
  await expect((await ann.client.rooms()).make("Kitchen")).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect((await ann.post("/sign-up/email", account)).status).toBe(200);
  const id = await (await ann.client.rooms()).make("Kitchen");
  const [room, seen] = [await ann.client.room(id), await guest.client.room(id)];
  await room.say("@model count to 20");
  await room.answer();
  const last = () => seen.messages.at(-1);
  await expect.poll(last).toMatchObject({ by: "Model", status: "done" });
  expect(last().text).toBe(Array.from({ length: 20 }, (_, i) => i + 1).join(" "));

  vi.spyOn(console, "error").mockImplementation(() => {});
  await room.say("@model fail with 500");
  await room.answer();
  await expect.poll(last).toMatchObject({ by: "Model", status: "failed", text: "" });

  expect((await ann.post("/sign-out", {})).status).toBe(200);
  await expect.poll(() => ann.client.$visitor).toBe(null);
  await expect(room.say("again")).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect((await ann.post("/sign-in/email", { ...account, password: "wrong wrong" })).status).toBe(401);
});
