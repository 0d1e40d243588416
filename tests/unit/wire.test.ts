import { describe, expect, test } from "vitest";
import { decode } from "../../lib/wire/binary.js";
import type { Snapshot } from "../../lib/wire/codec.js";
import type { SnapshotMessage } from "../../lib/wire/protocol.js";
import { Frame } from "../../server/wire/frame.js";
import { EVENTS } from "../../server/wire/sse.js";
import { BINARY } from "../../server/wire/wire.js";

const read = {
  text: (bytes: Buffer) => JSON.parse(/^data: (.*)\n\n$/.exec(bytes.toString())?.[1] as string) as unknown,
  binary: (bytes: Buffer) => decode(bytes)[0],
};

describe.for([
  ["text", EVENTS],
  ["binary", BINARY],
] as const)("written as %s", ([form, wire]) => {
  test("a frame is written once for all who get the same of it", () => {
    const frame = new Frame(1, 7, [
      ["note", [0, 0, "text", "x"]],
      ["wall", [0, 0, "text", "y"]],
    ]);
    const [both, one, other] = [["note", "wall", "more"], ["note"], ["wall"]].map((stores) => new Set(stores)) as [Set<string>, Set<string>, Set<string>];
    // In the other form first, as neither may take the place of the other.
    for (const stores of [both, one, other]) frame.written(stores, form === "text" ? BINARY : EVENTS);
    for (const stores of [both, one, other]) {
      const written = frame.written(stores, wire);
      expect(frame.written(new Set(stores), wire)).toBe(written);
      expect(read[form](written)).toEqual(frame.message(stores));
    }
  });

  test("a snapshot is written once, also where more follows it", () => {
    let reads = 0;
    const snapshot: Snapshot = Object.defineProperty([[], 1, [0, 1], []] as unknown as Snapshot & object, 0, {
      enumerable: true,
      get: () => [`read ${++reads} times`],
    });
    const message = (host: number, ...ended: [number?]): SnapshotMessage => ["snapshot", host, "note", null, "incarnation", 3, snapshot, ...ended];
    const written = [message(1), message(2, 9)].map(wire.write);
    const once = JSON.parse(JSON.stringify(snapshot)) as string[][];
    once[0] = ["read 1 times"];
    expect(written.map(read[form])).toEqual([message(1), message(2, 9)].map((one) => ([...one] as unknown[]).with(6, once)));
  });
});
