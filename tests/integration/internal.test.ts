import { current, event, type Internal, state } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { pair } from "twinstate/testing";
import { expect, onTestFinished, test } from "vitest";
import { serveTwin } from "../kit/app.js";

class Poll {
  @state question = "";
  @state votes = 0;
  @event({ internal: true }) init(this: Internal<this>, question: string, votes: number = 0) {
    this.question = question;
    this.votes = votes;
    return question.length;
  }
  @event({ internal: true }) *steps(this: Internal<this>, upTo: number) {
    for (let n = 1; n <= upTo; n++) yield n;
    this.votes = upTo;
  }
  @event vote() {
    this.votes++;
  }
  @event begin(question: string) {
    return this.init(question);
  }
}
class Desk {
  @state opened = 0;
  @event async open(question: string) {
    this.opened++;
    return (await current().get(Poll)).init(question, 5);
  }
}
const stores = { poll: Poll, desk: Desk, room: scope.room(Poll, { allow: () => true }) };

test("an internal event is to clients as one that is not there, by every way a call comes", async () => {
  const { twin, runtime, visitor: arrive } = await serveTwin({ stores, requireSchemas: true });
  const visitor = arrive();
  await visitor.call("poll.vote");
  /** What a client is told, without the name that it asked for. */
  const told = async (answer: Promise<{ status: number; text: string }>, name: string) => {
    const { status, text } = await answer;
    return [status, text.replaceAll(name, "…")];
  };
  const { origin } = new URL(visitor.url);
  const posted = async (path: string, body: string, headers: Record<string, string>) => {
    const response = await visitor.jar.fetch(`${visitor.url}/${path}`, { method: "POST", body, headers: { origin, ...headers }, redirect: "manual" });
    return { status: response.status, text: await response.text() };
  };
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const json = { "content-type": "application/json" };
  const ways: Record<string, (name: string) => Promise<{ status: number; text: string }>> = {
    plain: (name) => visitor.ask(`poll.${name}`, { args: ["x"] }),
    room: (name) => visitor.ask(`room.${name}`, { key: "k", args: ["x"] }),
    numbered: (name) => visitor.number(`poll.${name}`, 1, ["x"]),
    batch: (name) => posted(`poll.${name}?batch=1`, '{"0":{"args":["x"]}}', { ...json, "trpc-accept": "application/jsonl" }),
    "plain batch": (name) => posted(`poll.${name},poll.vote?batch=1`, '{"0":{"args":["x"]},"1":{"args":[]}}', json),
    form: (name) => posted("$form", `%24poll.${name}=&q=x`, form),
  };
  for (const [way, ask] of Object.entries(ways)) {
    const [internal, missing] = [await told(ask("init"), "init"), await told(ask("none"), "none")];
    expect(internal, way).toEqual(missing);
    expect(internal[1], way).toContain("has no event `…`");
  }
  expect(JSON.stringify(runtime.schema)).not.toMatch(/init|steps/);
  expect(Object.keys(runtime.router._def.procedures)).not.toContain("poll.init");
  expect(await twin.poll(visitor.session).$snapshot()).toEqual({ question: "", votes: 3 });
});

test("server code, other events, and other stores call an internal event", async () => {
  const { twin, visitor: arrive } = await serveTwin({ stores });
  const visitor = arrive();
  expect(await visitor.call("poll.begin", "by an event")).toBe(11);
  expect(await twin.poll(visitor.session).$snapshot()).toEqual({ question: "by an event", votes: 0 });
  expect(await visitor.call("desk.open", "by a store")).toBe(10);
  expect(await twin.poll(visitor.session).$snapshot()).toEqual({ question: "by a store", votes: 5 });
  expect(await twin.room("k").init("by server code", 2)).toBe(14);
  await expect(twin.room("k").init("x", "2" as never)).rejects.toMatchObject({ code: "INVALID" });
  const steps: number[] = [];
  for await (const n of twin.as({}).room("k").steps(3)) steps.push(n);
  expect(steps).toEqual([1, 2, 3]);
  expect(await twin.room("k").$snapshot()).toEqual({ question: "by server code", votes: 3 });
});

test("a twin has no internal event, also where the browser has the class", async () => {
  for (const browser of [{}, { stores: { poll: Poll } }]) {
    await using net = pair({ stores, browser });
    const poll = (await net.client().poll()) as unknown as Record<string, () => unknown>;
    expect(() => poll.init?.()).toThrow("`poll` has no event `init`");
  }
});

test("an internal event is in no warning of arguments that nothing checks", () => {
  const logs: string[] = [];
  class Bare {
    declare open: string;
  }
  // As a compiler without metadata leaves it.
  event({ internal: true })(Bare.prototype, "open" as never, { value() {} } as never);
  const twin = createTwin({ name: "internal", stores: { bare: Bare }, log: ({ message }) => void logs.push(message) });
  onTestFinished(() => twin.close());
  expect(logs).toEqual([]);
});
