import { autorun } from "mobx";
import { describe, expect, test } from "vitest";
import { computed, state } from "../../lib/class/decorators.js";
import { onDelta } from "../../lib/graph/listeners.js";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { createStore } from "../../lib/store/store.js";
import type { Snapshot, WireDelta } from "../../lib/wire/codec.js";
import { hold } from "../kit/hold.js";

function twin(numbers: number[], next: number) {
  const { store } = hold([1, 2, 3]);
  const [names, , , bodies] = JSON.parse(JSON.stringify(store.snapshot())) as Snapshot;
  const mirror = createMirror({ name: "store" });
  mirror.applySnapshot([names, next, numbers, bodies]);
  return mirror;
}

describe("texts that change in part", () => {
  const TEXT = "a text on both ends";
  const mirrorOf = (value: unknown) => {
    const mirror = createMirror({ name: "store" });
    mirror.applySnapshot(JSON.parse(JSON.stringify(hold(value).store.snapshot())));
    return mirror;
  };

  test("get longer, shorter and other, wherever they are", () => {
    const mirror = mirrorOf({ a: TEXT, list: [1, TEXT], map: new Map<unknown, unknown>([["k", TEXT]]) });
    mirror.applyDelta([13, 1, 2, "!", 12, 2, 1, 2, 4, "word", 12, 3, "k", 1, 18, "", 13, 3, "k", "n"]);
    expect(mirror.read("it")).toEqual({ a: `${TEXT}!`, list: [1, "a word on both ends"], map: new Map([["k", "an"]]) });
  });

  test("tell reactions and listeners the whole text, once, and give the view another object", () => {
    const LONG = `${TEXT}, which is long enough`;
    class Page {
      @state title = LONG;
      @state lines = [LONG];
      @computed get all(): string {
        return `${this.title}, ${this.lines.join()}`;
      }
    }
    const page = new Page();
    const store = createStore({ name: "page", instance: page });
    const mirror = createMirror({ name: "page", faces: openFace });
    mirror.applySnapshot(JSON.parse(JSON.stringify(store.snapshot())));
    const live = mirror.live as Page;
    const view = mirror.view() as Page;
    const [seen, told]: [string[], unknown[]] = [[], []];
    const stop = autorun(() => void seen.push(live.all));
    onDelta(live, (delta) => void told.push(delta));
    onDelta(live.lines, (delta) => void told.push(delta.type === "splice" && [delta.removed(), delta.added()]));
    page.title += ", and more";
    page.lines[0] = LONG.replace("text", "word");
    const delta = store.commit() as WireDelta;
    expect(delta.filter((part) => part === 12 || part === 13).length).toBeGreaterThanOrEqual(3);
    mirror.applyDelta(JSON.parse(JSON.stringify(delta)));
    stop();
    const title = `${LONG}, and more`;
    expect(seen).toEqual([`${LONG}, ${LONG}`, `${title}, a word on both ends, which is long enough`]);
    expect(told).toEqual(
      expect.arrayContaining([
        { type: "update", name: "title", value: title, old: LONG },
        [[LONG], ["a word on both ends, which is long enough"]],
        { type: "update", name: "all", value: seen[1], old: seen[0] },
      ]),
    );
    expect([view.title, view.lines[0]]).toEqual([LONG, LONG]);
    expect(mirror.view()).toEqual({ title, lines: ["a word on both ends, which is long enough"], all: seen[1] });
  });

  test.each<[what: string, delta: WireDelta]>([
    ["a part that ends after the text", [12, 2, 0, 10, 10, ""]],
    ["a place before the text", [12, 2, 0, -1, 1, ""]],
    ["a count below 0", [12, 2, 0, 5, -1, ""]],
    ["a place that is no whole number", [12, 2, 0, 0.5, 1, ""]],
    ["an end that is no text", [13, 2, 0, 5]],
    ["a part that is no text", [12, 2, 0, 1, 1, null]],
    ["the text of an item that is none", [13, 2, 1, "!"]],
    ["the text of an item that is not there", [13, 2, 9, "!"]],
    ["the text of a property that is not there", [13, 1, "b", "!"]],
    ["the text of a property that every object has", [13, 1, "toString", "!"]],
    ["the text of an entry that is not there", [13, 3, "other", "!"]],
    ["the text of a Set", [13, 4, "k", "!"]],
  ])("%s is refused, and the text stays", (_, delta) => {
    const value = { list: [TEXT, 1], map: new Map([["k", TEXT]]), set: new Set(["k"]) };
    const mirror = mirrorOf(value);
    expect(() => mirror.applyDelta(delta)).toThrow(expect.objectContaining({ code: "BAD_WIRE" }));
    expect(mirror.read("it")).toEqual(value);
  });
});

describe("containers by number", () => {
  test("a number that no container has is refused", () => {
    const mirror = twin([0, 2], 2);
    const removal = (number: unknown): WireDelta => [3, number, 0, 1];
    for (const number of [2, -1, 1.5, 129, 2 ** 32 + 1, 1e300, "list", null])
      expect(() => mirror.applyDelta(removal(number)), String(number)).toThrow("number of a container");
    expect(mirror.read("it")).toEqual([1, 2, 3]);
    mirror.applyDelta(removal(1));
    expect(mirror.read("it")).toEqual([2, 3]);
  });

  test("numbers of a store that has lived long are far apart", () => {
    const far = 5e9;
    const mirror = twin([0, 1, far, 1], far + 1);
    expect(mirror.size).toBe(2);
    // An array with the next number at its end; then a sweep.
    mirror.applyDelta([[["a", 1, [1], [7]]], 2, far, 3, 0, [[]]]);
    expect(mirror.read("it")).toEqual([1, 2, 3, [7]]);
    expect(mirror.size).toBe(3);
    mirror.applyDelta([3, far, 0, 4, 11]);
    expect(mirror.read("it")).toEqual([]);
    expect(mirror.size).toBe(2);
    expect(() => mirror.applyDelta([3, far + 1, 0, 1])).toThrow("number of a container");
  });
});
