import { defineContext, event, type Presence, presence, state } from "twinstate";
import { scope } from "twinstate/server";
import { pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { z } from "zod";

const Own = z.object({ cursor: z.object({ x: z.number(), y: z.number() }).optional(), typing: z.boolean().optional() });

class Board {
  @state title = "";
  @presence({ of: (context) => ({ name: (context as { name: string }).name }), input: Own }) people!: Presence<{ name: string }, z.infer<typeof Own>>;
  @event rename(title: string) {
    this.title = title;
    return this.people.map(({ name, cursor }) => [name, cursor?.x]);
  }
}

let names: Map<string, string>;
const context = defineContext(({ session = "" }) => ({ name: names.get(session) ?? `guest ${session.slice(0, 2)}` }));

function open() {
  names = new Map();
  const net = pair({ stores: { board: scope.room(Board, { allow: () => true }) }, context: context as never });
  return net;
}

test("one other, with what the server says and what they show", async () => {
  await using net = open();
  const [a, b] = [net.client(), net.client()];
  const mine = await a.board("x");
  const theirs = await b.board("x");
  await net.wait(100);
  expect(theirs.people.length).toBe(2);
  mine.$present("people", { cursor: { x: 1, y: 2 } });
  await net.wait(100);
  expect(theirs.$snapshot().people[0]).toMatchObject({ cursor: { x: 1, y: 2 } });
  expect(await theirs.rename("t")).toEqual([
    [expect.any(String), 1],
    [expect.any(String), undefined],
  ]);
  mine.$present("people", undefined);
  await net.wait(100);
  expect(theirs.$snapshot().people[0]).not.toHaveProperty("cursor");
  a.$close();
  await net.wait(3000);
  expect(theirs.people.length).toBe(1);
});
