import { scope } from "twinstate/server";
import { lasting, type PairOptions, pair } from "twinstate/testing";
import { expect, test } from "vitest";
import { Message } from "./message";
import { Room } from "./room";
import { RoomWithModel } from "./room-with-model";
import { Rooms } from "./rooms";

const stores = { rooms: scope.shared(Rooms), room: scope.room(RoomWithModel, { allow: () => true }) };
const browser = { stores: { rooms: Rooms, room: Room }, models: { Message } };

function open(options: Partial<PairOptions<typeof stores, { Message: typeof Message }>> = {}) {
  /** The name of who comes next. Real browsers bring a cookie. */
  let name = "";
  const net = pair({
    stores,
    models: { Message },
    browser,
    context({ headers }) {
      const name = headers.get("x-name");
      const user = name ? { id: name.toLowerCase(), name } : null;
      return { user, visitor: user };
    },
    wrapFetch: (fetch) => {
      const mine = name;
      return (input, init) => {
        const headers = new Headers(init?.headers);
        headers.set("x-name", mine);
        return fetch(input, { ...init, headers });
      };
    },
    ...options,
  });
  /** A browser, signed in if a name is given. */
  function enter(who = "") {
    name = who;
    return net.client();
  }
  return Object.assign(net, { enter });
}

test("what one says shows at once, and all see who has said it", async () => {
  await using net = open();
  const [ann, bob] = [net.enter("Ann"), net.enter("Bob")];
  const [mine, his] = [await ann.room("a"), await bob.room("a")];
  const call = mine.say(" hello ");
  await call.local;
  expect(mine.messages.map(({ by, text }) => [by, text])).toEqual([["Ann", "hello"]]);
  await call;
  await net.quiet();
  expect(his.messages.map(({ by, text }) => [by, text])).toEqual([["Ann", "hello"]]);
});

test("who has not signed in reads, and neither writes, nor makes rooms, nor asks the model", async () => {
  await using net = open();
  const ann = await net.enter("Ann").room("a");
  const guest = net.enter();
  const room = await guest.room("a");
  await ann.say("hello");
  await net.quiet();
  expect(room.messages.map(({ text }) => text)).toEqual(["hello"]);
  for (const call of [() => room.say("x"), () => room.answer(), async () => (await guest.rooms()).make("x")])
    await expect((async () => call())()).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(room.people.map(({ name }) => name)).toEqual(["Ann"]);
});

test("the model answers token by token, and anybody signed in stops it", async () => {
  await using net = open();
  const [ann, bob] = [await net.enter("Ann").room("a"), await net.enter("Bob").room("a")];
  await ann.say("@model hello");
  const call = ann.answer();
  const ended = expect(call).rejects.toMatchObject({ code: "CANCELLED" });
  await net.wait(400);
  const first = bob.messages.at(-1)?.text ?? "";
  expect(first).toMatch(/^You wrote/);
  await net.wait(200);
  expect(bob.messages.at(-1)?.text.startsWith(first)).toBe(true);
  expect(bob.messages.at(-1)?.text.length).toBeGreaterThan(first.length);
  await bob.stop();
  await ended;
  await net.quiet();
  expect(ann.messages.at(-1)).toMatchObject({ status: "stopped" });
  expect(ann.writing).toBe(false);
  await ann.answer();
  expect(ann.messages.at(-1)).toMatchObject({ status: "done" });
});

test("an answer that the end of the server cuts off keeps its text, and says so", async () => {
  await using net = open({ storage: lasting() });
  const ann = await net.enter("Ann").room("a");
  await ann.say("@model hello");
  ann.answer().catch(() => {});
  await net.wait(400);
  net.kill();
  await net.quiet();
  expect(ann.messages.at(-1)).toMatchObject({ status: "cut off", text: expect.stringMatching(/^You wrote/) });
});

test("a room that somebody makes is in everybody's list", async () => {
  await using net = open();
  const [ann, bob] = [await net.enter("Ann").rooms(), await net.enter("Bob").rooms()];
  const id = await ann.make(" Kitchen ");
  await net.quiet();
  expect(bob.list).toEqual([{ id, title: "Kitchen" }]);
});
