import { current, event, state } from "twinstate";
import { scope } from "twinstate/server";
import { describe, expect, test } from "vitest";
import { serveTwin } from "../kit/app.js";
import { storages } from "../kit/storages.js";

class Notes {
  @state notes: string[] = [];
  @state({ private: true }) protected secret = new Map<string, unknown>();
  @event add(note: string) {
    this.notes.push(note);
    this.secret.set(note, note.length);
    return this.notes.length;
  }
}
class Settings extends Notes {}
class Draft extends Notes {}
class Board extends Notes {
  @event async both(note: string) {
    this.add(note);
    (await current().get(Side)).add(note);
  }
}
class Side extends Notes {}

const stores = {
  notes: Notes,
  settings: scope.user(Settings),
  draft: scope.tab(Draft),
  board: scope.room(Board, { allow: () => true }),
  side: scope.room(Side, { allow: () => true }),
};

describe.each(storages)("on %s", (_, place) => {
  async function start(more: object = {}) {
    return serveTwin({ stores, idle: 20, storage: place().open(), ...more });
  }

  test("all data of a session is exported: private fields too, and its tabs', and nobody else's", async () => {
    const { twin, visitor } = await start();
    const [ann, bob] = [visitor(), visitor()];
    for (const one of [ann, bob]) {
      await one.call("notes.add", "milk");
      await one.number("draft.add", 1, ["a draft"]);
      await one.callIn("r", "board.both", "for all");
    }
    const data = await twin.$export({ session: ann.session });
    expect(data.map(({ store }) => store).sort()).toEqual(["draft", "notes"]);
    expect(data.find(({ store }) => store === "notes")).toEqual({
      store: "notes",
      key: ann.session,
      state: { notes: ["milk"], secret: new Map([["milk", 4]]) },
    });
    expect(data.find(({ store }) => store === "draft")?.state).toMatchObject({ notes: ["a draft"] });
    expect(await twin.$export({ session: "nobody" })).toEqual([]);
    await twin.settings("7").add("dark");
    expect(await twin.$export({ user: "7" })).toEqual([{ store: "settings", key: "7", state: { notes: ["dark"], secret: new Map([["dark", 4]]) } }]);
  });

  test("what is erased is gone, open pages see how it begins anew, and what others have stays", async () => {
    const { twin, visitor } = await start();
    const [ann, bob] = [visitor(), visitor()];
    for (const one of [ann, bob]) {
      await one.call("notes.add", "milk");
      await one.number("draft.add", 1, ["a draft"]);
    }
    const live = ann.live({ store: "notes" });
    await live.state("notes", ({ notes }) => notes.length === 1);
    await twin.$erase({ session: ann.session });
    expect(await live.state("notes", ({ notes }) => notes.length === 0)).toMatchObject({ notes: [] });
    const [before, after] = live.all("snapshot").map((message) => message[4]);
    expect(after).not.toBe(before);
    expect(await twin.$export({ session: ann.session })).toEqual([]);
    expect(await ann.call("notes.add", "tea")).toBe(1);
    await live.state("notes", ({ notes }) => notes.length === 1);
    expect((await twin.$export({ session: bob.session })).length).toBe(2);
  });

  test("a scope instance that nobody uses is forgotten with all its stores; one of which any part is used stays", async () => {
    const { twin, storage, visitor } = await start({ life: { room: 1 } });
    const ids = async () => {
      const found: string[] = [];
      for await (const { id } of storage.list("room/")) found.push(id);
      return found.sort();
    };
    await twin.board("old").both("x");
    await twin.board("used").both("x");
    await twin.notes("s").add("stays");
    const look = visitor();
    const incarnations = async () => {
      const found: Record<string, unknown> = {};
      for (const key of ["old", "used"]) {
        const live = look.live({ store: "side", key });
        found[key] = (await live.until(([kind]) => kind === "snapshot"))[4];
        live.stream.close();
        await live.stream.ended;
      }
      return found;
    };
    const before = await incarnations();
    let gone = false;
    for (let n = 0; !gone; n++) {
      // It leaves memory between times.
      if (n % 10 === 0) await twin.side("used").$snapshot();
      await new Promise((resolve) => setTimeout(resolve, 30));
      gone = (await ids()).join() === "room/used" && n > 70;
    }
    expect(await twin.side("old").$snapshot()).toEqual({ notes: [] });
    expect(await twin.board("old").add("y")).toBe(1);
    expect(await twin.board("used").add("y")).toBe(2);
    expect(await twin.notes("s").add("more")).toBe(2);
    const after = await incarnations();
    expect(after.used).toBe(before.used);
    expect(after.old).not.toBe(before.old);
  });
});
