import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { connect } from "twinstate/client";
import { createTwin, scope } from "twinstate/server";
import { expect, onTestFinished, test, vi } from "vitest";
import { startFakeModel } from "../../demo-next/model/fake-model.js";
import { Jar, serve } from "../kit/http.js";

// The chat of the demo, over real HTTP, with the AI SDK and a model server that is made up.

// What the demo declares of its context holds for its own program alone.
type Loose = any;

let rooms = 0;

/** Serves a chat. What the model server has sent is in `model.answers`. */
async function serveChat(env: Readonly<Record<string, string>> = {}) {
  const model = await startFakeModel();
  for (const [name, value] of Object.entries({ MODEL_URL: model.url, ...env })) vi.stubEnv(name, value);
  vi.spyOn(console, "error").mockImplementation(() => {});
  const load = (path: string): Promise<Loose> => import(/* @vite-ignore */ `../../demo-next/state/${path}.js`);
  const [{ Chat }, { Message, TextPart, ToolCall }, { personOf }] = await Promise.all([load("chat"), load("message"), load("person")]);
  const twin = createTwin({
    name: `chat ${++rooms}`,
    stores: { chat: scope.room(Chat, { allow: () => true }) },
    models: { Message, TextPart, ToolCall },
    context: ({ session = "" }) => ({ visitor: personOf(session), device: "computer" }) as never,
    log: () => {},
  });
  const site = await serve(twin.handlers);
  onTestFinished(async () => {
    await site.close();
    await twin.close();
    await model.close();
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });
  /** The room, as another device has it. */
  const open = async () => {
    const client = connect<Loose>({ url: site.url, fetch: new Jar().fetch }) as Loose;
    onTestFinished(() => client.$close());
    return client.chat("a");
  };
  return { model, site, open };
}

const last = (chat: Loose) => chat.messages.at(-1);
const textOf = ({ parts }: Loose): string => parts.map(({ kind, text }: Loose) => (kind === "text" ? text : "")).join("");

/** Reads the room's stream as a browser does, through a socket of its own, up to an event. Gives the events, each with what the socket had brought by then. */
async function listen(url: string, until: (event: string) => boolean): Promise<{ event: string; read: number }[]> {
  const input = encodeURIComponent(JSON.stringify({ watch: [{ store: "chat", key: "a" }] }));
  const request = get(`${url}/$live?input=${input}`, { agent: false, headers: { accept: "text/event-stream" } });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const events: { event: string; read: number }[] = [];
  let rest = "";
  for await (const bytes of response.setEncoding("utf8")) {
    const parts = (rest + bytes).split(/(?<=\n\n)/);
    rest = parts.at(-1)?.endsWith("\n\n") ? "" : (parts.pop() ?? "");
    events.push(...parts.map((event) => ({ event, read: response.socket.bytesRead })));
    if (parts.some(until)) break;
  }
  request.destroy();
  return events;
}

test("a token takes at most 60 bytes on the wire, HTTP's framing included, however long the text is", async () => {
  const { open, site, model } = await serveChat();
  const chat = await open();
  const heard = listen(site.url, (event) => event.includes(' 400"'));
  await chat.answer("Count to 400 every 4 ms");
  const events = await heard;
  // From where the tokens have as many digits as the last.
  const from = events.findIndex(({ event }) => event.includes(' 100"'));
  const tokens = events.slice(from + 1).map(({ event }) => {
    const [, revision] = /^data: \[1,(\d+),/.exec(event) ?? [];
    const texts = [...event.matchAll(/\[13,10,15,"([^"]*)"\]/g)].map(([, text]) => text as string);
    // This is the whole event, but for what the last commit of an answer says.
    const whole = `data: [1,${revision},${texts.map((text) => `"chat",[13,10,15,"${text}"]`).join(",1,")}`;
    expect(event.startsWith(whole)).toBe(true);
    return { count: texts.join("").split(" ").length - 1, bytes: event.length, alone: texts.length === 1 };
  });
  const sent = tokens.reduce((total, { count }) => total + count, 0);
  const read = (events.at(-1)?.read ?? 0) - (events[from]?.read ?? 0);
  const alone = tokens.filter(({ count, alone }) => alone && count === 1).map(({ bytes }) => bytes);
  expect(read / sent).toBeLessThanOrEqual(60);
  // `data: [1,101,"chat",[13,10,15," 101"]]`, and two line feeds.
  expect(alone.slice(0, -1).every((bytes) => bytes === 40)).toBe(true);
  expect(model.answers.at(-1)?.sent.join("")).toBe(textOf(last(chat)));
});

test("tokens that come faster than commits are joined, and none is lost", async () => {
  const { open, model } = await serveChat();
  const [chat, other] = await Promise.all([open(), open()]);
  await chat.answer("Count to 3000 at once");
  expect(textOf(last(chat))).toBe(model.answers[0]?.sent.join(""));
  expect(model.answers[0]?.sent).toHaveLength(3000);
  await expect.poll(() => textOf(last(other))).toBe(textOf(last(chat)));
});

test("Stop on another device ends the request to the model within 200 ms, and keeps what was written", async () => {
  const { open, model } = await serveChat();
  const [ann, bob] = await Promise.all([open(), open()]);
  const took: number[] = [];
  // Once is enough: a busy machine is no fault.
  for (let n = 1; n <= 5 && !took.some((time) => time < 200); n++) {
    const outcome = ann.answer("Count to 5000 every 2 ms").catch((error: { code: string }) => error.code);
    await expect.poll(() => bob.messages.length).toBe(2 * n);
    await expect.poll(() => textOf(last(bob)).length).toBeGreaterThan(20);
    const pressed = performance.now();
    await bob.stop();
    expect(await outcome).toBe("CANCELLED");
    const { at, whole } = await model.answers[n - 1]!.ended;
    expect(whole).toBe(false);
    took.push(at - pressed);
    await expect.poll(() => [ann, bob].map((chat) => last(chat).status)).toEqual(["stopped", "stopped"]);
    const { sent } = model.answers[n - 1]!;
    expect(sent.join("").startsWith(textOf(last(ann)))).toBe(true);
    expect(textOf(last(bob))).toBe(textOf(last(ann)));
  }
  expect(Math.min(...took)).toBeLessThan(200);
  console.info(`Stop has ended the request after ${Math.round(Math.min(...took))} ms.`);
});

test.for([
  ["fail with 401", "The model server does not accept the key (401). Set MODEL_KEY."],
  ["fail with 404", "The model server does not know the address or the model (404). Check MODEL_URL and MODEL_NAME."],
  ["fail with 429", "The model server has too many requests (429). Try again in 20 s."],
  ["fail with 500", "The model server has failed (500). Try again."],
  ["fail with 400", "The model server refuses the question (400)."],
  ["say nothing", "The model server has said nothing for 0.3 s."],
] as const)("a model server that does not answer is told in the chat: %s", async ([prompt, error]) => {
  const { open, model } = await serveChat({ MODEL_PATIENCE: "300" });
  const chat = await open();
  await chat.answer(prompt);
  expect(last(chat)).toMatchObject({ status: "failed", error, parts: [] });
  expect((await model.answers[0]!.ended).whole).toBe(prompt !== "say nothing");
  await chat.answer("Say 3 words at once");
  expect(last(chat)).toMatchObject({ status: "done", error: "" });
});

test("a model server that is not there is told in the chat", async () => {
  const { open, model } = await serveChat();
  await model.close();
  const chat = await open();
  await chat.answer("Hello?");
  expect(last(chat)).toMatchObject({ status: "failed", error: "The connection to the model server is broken. Is it running?" });
});

test.for([
  ["break off after 20", "The model server broke off its answer."],
  ["fail after 20", "The model server has failed in the middle of its answer."],
  ["garble after 20", "The model server has sent something that is no part of an answer."],
] as const)("an answer that goes wrong in the middle keeps what has come, and goes on from there: %s", async ([prompt, error]) => {
  const { open, model } = await serveChat();
  const chat = await open();
  const all = Array.from({ length: 60 }, (_, i) => i + 1).join(" ");
  await chat.answer(`Count to 60 every 1 ms, ${prompt}`);
  expect(last(chat)).toMatchObject({ status: "failed", error });
  const kept = textOf(last(chat));
  expect(all.startsWith(kept)).toBe(true);
  await chat.resume(last(chat).id, false);
  expect(last(chat)).toMatchObject({ status: "done", error: "" });
  expect(textOf(last(chat)), "nothing lost, nothing doubled").toBe(all);
  expect(model.answers[1]?.request.messages.slice(-2)).toMatchObject([{ role: "assistant", content: kept }, { role: "user" }]);
  expect(chat.messages).toHaveLength(2);
});

test("calls of tools wait for those in the room: the first who decides counts, and the model goes on with the results", async () => {
  const { open, model } = await serveChat();
  const [ann, bob] = await Promise.all([open(), open()]);
  await ann.answer("Roll 2 dice and name this chat Launch, at once");
  expect(last(ann)).toMatchObject({
    status: "waiting",
    parts: [{ kind: "text" }, { name: "roll_dice", state: "proposed" }, { name: "name_chat", state: "proposed" }],
  });
  const [, dice, title] = last(ann).parts;
  await bob.decide(dice.id, false);
  await ann.decide(dice.id, true);
  expect(last(ann).parts[1]).toMatchObject({ state: "refused", result: "" });
  expect(model.answers).toHaveLength(1);
  await Promise.all([ann.decide(title.id, true), bob.decide(title.id, true)]);
  expect(model.answers).toHaveLength(2);
  await expect.poll(() => [ann.title, bob.title]).toEqual(["Launch", "Launch"]);
  const results = model.answers[1]?.request.messages.filter(({ role }) => role === "tool").map(({ content }) => content);
  expect(results).toEqual(["The people in the chat have refused this call.", "The chat is now called Launch."]);
  expect(last(ann)).toMatchObject({ status: "done" });
  expect(textOf(last(ann))).toBe(`Shall I do this?Done. ${results?.join(" ")}`);
});

test("a new question refuses the calls that wait, and a model that writes takes no other question", async () => {
  const { open } = await serveChat();
  const chat = await open();
  await chat.answer("Roll dice");
  await chat.answer("Say 3 words at once");
  expect(chat.messages[1]).toMatchObject({ status: "done", parts: [{}, { state: "refused" }] });
  const long = chat.answer("Count to 5000 every 5 ms").catch(() => {});
  await expect.poll(() => last(chat).status).toBe("writing");
  await expect(chat.answer("And I?")).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(chat.resume(last(chat).id, true)).rejects.toMatchObject({ code: "FORBIDDEN" });
  await chat.stop();
  await long;
});

test("a kill marks what is half there: a text that was cut off, a tool that ran; what waits goes on waiting", async () => {
  const load = (path: string): Promise<Loose> => import(/* @vite-ignore */ `../../demo-next/state/${path}.js`);
  const [{ Chat }, { Message, TextPart, ToolCall }] = await Promise.all([load("chat"), load("message")]);
  const chat = new Chat();
  const call = (state: string) => Object.assign(new ToolCall(), { state });
  const message = (status: string, ...parts: object[]) => Object.assign(new Message(), { status, parts });
  chat.messages = [
    message("done", new TextPart()),
    message("writing", new TextPart()),
    message("writing", call("proposed")),
    message("waiting", call("proposed"), call("refused")),
    message("waiting", call("proposed"), call("approved")),
    message("waiting", call("approved"), call("done")),
  ];
  chat.onInterrupted();
  expect(chat.messages.map(({ status, calls }: Loose) => [status, ...calls.map(({ state }: Loose) => state)])).toEqual([
    ["done"],
    ["interrupted"],
    ["waiting", "proposed"],
    ["waiting", "proposed", "refused"],
    ["waiting", "proposed", "failed"],
    ["interrupted", "failed", "done"],
  ]);
});
