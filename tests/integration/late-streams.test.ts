import { event, state } from "twinstate";
import { memory, type Storage, scope } from "twinstate/server";
import { lasting } from "twinstate/testing";
import { expect, onTestFinished, test } from "vitest";
import { serveTwin } from "../kit/app.js";
import { gate, reached, renew, wait } from "../kit/gate.js";

// Streams whose beginning is held up, and what happens meanwhile.

class Room {
  @state text = "";
  @event say(text: string) {
    this.text = text;
  }
}

/** Whether the room's guard waits at the gate. */
let slow = false;
const stores = {
  room: scope.room(Room, {
    async allow() {
      if (slow) await wait();
      return true;
    },
  }),
};
const A = { store: "room", key: "a" };

function holdGuards(): void {
  renew();
  slow = true;
  onTestFinished(() => {
    slow = false;
    gate().open();
  });
}

test("a page whose guard answers after its room was deleted shows the room that takes its place", async () => {
  const { visitor, twin } = await serveTwin({ stores });
  await twin.room("a").say("before");
  holdGuards();
  const live = visitor().live(A);
  await reached();
  await twin.room.delete("a");
  gate().open();
  await live.state("room", ({ text }) => text === "");
  await twin.room("a").say("after");
  await live.state("room", ({ text }) => text === "after");
});

test("a page whose guard answers after the storage failed, and all others were led on, is led on too", async () => {
  const kept = memory();
  let full = false;
  const storage: Storage = { ...kept, durable: true, append: (...how) => (full ? Promise.reject(new Error("The disk is full.")) : kept.append(...how)) };
  const { visitor, twin } = await serveTwin({ stores, storage });
  await twin.room("a").say("before");
  const other = visitor().live(A);
  await other.state("room");
  holdGuards();
  const late = visitor().live(A);
  await reached();
  slow = false;
  full = true;
  await expect(twin.room("a").say("lost")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  full = false;
  await other.until(() => other.all("snapshot").length + other.all("resume").length > 1);
  gate().open();
  await late.state("room", ({ text }) => text === "before");
  await twin.room("a").say("after");
  for (const page of [other, late]) await page.state("room", ({ text }) => text === "after");
});

test("a stream whose context is made while the server closes is refused", async () => {
  renew();
  const { site, twin } = await serveTwin({
    stores,
    async context() {
      await wait();
      return {} as never;
    },
  });
  const asked = fetch(`${site.url}/$live?input=${encodeURIComponent(JSON.stringify({ watch: [A] }))}`);
  await reached();
  await twin.close();
  gate().open();
  const response = await asked;
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ error: { data: { code: "OFFLINE", again: true } } });
});

test("a guard that throws nothing at all refuses a page, also where several nodes share the storage", async () => {
  const guarded = { room: scope.room(Room, { allow: () => Promise.reject(undefined) }) };
  const { visitor } = await serveTwin({ stores: guarded, storage: lasting({ nodes: true }).node("a") });
  const live = visitor().live(A);
  expect((await live.until(([kind]) => kind === "refused")).slice(0, 4)).toEqual(["refused", "room", "a", "INTERNAL"]);
});
