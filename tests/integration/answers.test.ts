import { event, state } from "twinstate";
import { scope } from "twinstate/server";
import { lasting, pair } from "twinstate/testing";
import { describe, expect, test } from "vitest";
import { DIGITS } from "../../lib/wire/bounds.js";
import { serveTwin } from "../kit/app.js";

const huge = 10n ** BigInt(DIGITS);

/** What no answer can hold, by what an event makes of it. */
const refused: Record<string, () => unknown> = {
  "a bigint of too many digits": () => huge,
  "one inside": () => ({ list: [new Map([[-huge, 1]])] }),
  "a function in a list": () => [() => 1],
  "a symbol": () => ({ at: Symbol("no") }),
  "a promise": () => ({ later: Promise.resolve() }),
  "a `toJSON` that throws": () => ({
    toJSON() {
      throw new Error("no");
    },
  }),
};

let what: () => unknown = () => 0;

class Box {
  @state n = 0;
  @state list: { self?: unknown; next?: unknown }[] = [];

  @event give(): unknown {
    this.n++;
    return what();
  }
  @event *giveLast(): Generator<number, unknown> {
    this.n++;
    yield 1;
    this.n++;
    return what();
  }
  @event *hand(): Generator<unknown, void> {
    try {
      this.n++;
      yield what();
      this.n++;
    } finally {
      this.n += 100;
    }
  }
  @event({ background: true }) async giveLate(): Promise<unknown> {
    return what();
  }
  @event next(): number {
    return ++this.n;
  }
}

describe.each(Object.entries(refused))("%s is refused before anything is committed", (_, make) => {
  const run = async (name: "give" | "giveLast" | "hand" | "giveLate", n: number) => {
    await using net = pair({ stores: { box: Box }, storage: lasting(), log: () => {} });
    const client = net.client();
    const box = await client.box();
    what = make;
    await expect(box[name]()).rejects.toMatchObject({ code: "INTERNAL" });
    const { n: after } = (await net.server.box(net.session(client)).$snapshot()) as unknown as Box;
    expect(after).toBe(n);
    expect(await box.next()).toBe(n + 1);
    net.kill();
    await net.quiet();
    expect(box.n).toBe(n + 1);
  };
  test("as an answer", () => run("give", 0));
  test("as a generator's answer: what it had committed stays", () => run("giveLast", 1));
  test("as a yield", () => run("hand", 0));
  test("as the answer of one that runs beside the queue", () => run("giveLate", 0));
});

test("an argument that no server would read is refused where it is given", async () => {
  await using net = pair({ stores: { box: Box } });
  const box = await net.client().box();
  const give = box.give as unknown as (value: unknown) => Promise<unknown>;
  await expect(give({ list: [huge] })).rejects.toMatchObject({ code: "INVALID", message: expect.stringContaining("of so many digits") });
  what = () => huge / 10n;
  expect(await box.give()).toBe(huge / 10n);
});

test("an answer that is being made as its scope instance is lost is refused at once, and given when it is asked for again", async () => {
  let loses = false;
  const allow = () => {
    if (loses) app.runtime.hosts.lose();
    loses = false;
    return true;
  };
  const app = await serveTwin({ stores: { box: scope.room(Box, { allow: () => true }), other: scope.room(Box, { allow }) }, storage: lasting() });
  const visitor = app.visitor();
  for (const store of ["box", "other"]) await visitor.callIn("a", `${store}.next`);
  loses = true;
  const first = await visitor.number("box.next", 1, [], { key: "a", at: 0 });
  expect(first.error).toMatchObject({ code: "UNAVAILABLE" });
  expect(await visitor.number("box.next", 1, [], { key: "a", at: 0 })).toMatchObject({ value: { v: [2] } });
  expect(await visitor.callIn("a", "box.next")).toBe(3);
});
