import fc from "fast-check";
import { expect, test } from "vitest";
import { state } from "../../lib/class/decorators.js";
import { createMirror, type Mirror } from "../../lib/mirror/mirror.js";
import { snapshotOf } from "../../lib/mirror/mirror-snapshot.js";
import { createStore } from "../../lib/store/store.js";
import type { WireDelta } from "../../lib/wire/codec.js";

class Row {
  @state title = "";
  @state tags = new Set<string>();
}
class Sheet {
  @state rows: Row[] = [];
  @state byName = new Map<string, Row>();
  @state extra: Record<string, unknown> = {};
}

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** A mirror made of another one's snapshot. */
function again(mirror: Mirror): Mirror {
  const made = createMirror({ name: "sheet" });
  const { snapshot, volatile } = copy(snapshotOf(mirror));
  made.applySnapshot(snapshot, false, volatile);
  return made;
}

const change = fc.record({
  what: fc.constantFrom("add", "remove", "move", "name", "tag", "field", "again"),
  at: fc.nat(20),
  text: fc.constantFrom("a", "b", "c", "a name that is longer than twenty characters"),
});

test("a mirror that is made of the snapshot of another takes the deltas that follow, and stays equal to it", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const sheet = new Sheet();
      const store = createStore({ name: "sheet", instance: sheet, models: { Row } } as never);
      let mirror = createMirror({ name: "sheet" });
      const whole = createMirror({ name: "sheet" });
      for (const one of [mirror, whole]) one.applySnapshot(copy(store.snapshot()));
      let last: Row | undefined;
      for (const { what, at, text } of changes) {
        const row = sheet.rows[at % (sheet.rows.length || 1)];
        if (what === "add") sheet.rows.push(Object.assign(new Row(), { title: text }));
        if (what === "remove" && row) [last] = sheet.rows.splice(sheet.rows.indexOf(row), 1);
        if (what === "move" && row) sheet.byName.set(text, row);
        if (what === "name" && row) row.title += text;
        if (what === "tag" && row) row.tags.add(text);
        if (what === "field") sheet.extra[text] = row ?? [text, { [text]: at }];
        if (what === "again" && last) {
          sheet.rows.push(last);
          last = undefined;
        }
        const delta = store.commit() as WireDelta | undefined;
        if (delta) for (const one of [mirror, whole]) one.applyDelta(copy(delta));
        mirror = again(mirror);
        expect(mirror.view()).toEqual(whole.view());
        expect(mirror.next).toBe(whole.next);
      }
    }),
    { numRuns: 200, seed: 1 },
  );
});
