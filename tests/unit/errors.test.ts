import { expect, test } from "vitest";
import { EventError, messageOf, StateError } from "../../lib/errors/errors.js";
import { current, effect, newId, update } from "../../lib/event/current.js";

test("an EventError has its code and data, and is told by them", () => {
  const error = new EventError("SOLD_OUT", "Nothing is left.", { left: 0 });
  expect(error).toBeInstanceOf(Error);
  expect(error).toBeInstanceOf(EventError);
  expect([error.name, error.message, error.code, error.data]).toEqual(["EventError", "Nothing is left.", "SOLD_OUT", { left: 0 }]);
  expect([error.is("SOLD_OUT"), error.is("CLOSED"), EventError.is(error, "SOLD_OUT"), EventError.is(error, "CLOSED")]).toEqual([true, false, true, false]);
});

test("what is no EventError is none, whatever it looks like", () => {
  for (const other of [new Error("x"), { code: "SOLD_OUT", message: "" }, null, undefined, "SOLD_OUT", new StateError("SOLD_OUT", "x")]) {
    expect(EventError.is(other, "SOLD_OUT")).toBe(false);
    expect(other instanceof EventError).toBe(false);
  }
});

test("instanceof of a subclass knows its own from others", () => {
  class SoldOut extends EventError {
    constructor(left: number) {
      super("SOLD_OUT", "Nothing is left.", { left });
    }
  }
  const error = new SoldOut(0);
  expect(error instanceof SoldOut && error instanceof EventError && EventError.is(error, "SOLD_OUT")).toBe(true);
  expect(new EventError("CLOSED", "x") instanceof SoldOut).toBe(false);
});

test("current() and effects outside an event say so", () => {
  expect(() => current()).toThrow("`current()` was called outside an event");
  expect(() => effect.toast("x")).toThrow("`effect.toast()` was called outside an event");
});

test("update() without a server runs at once, and rejects with what is thrown", async () => {
  expect(await update(() => 5)).toBe(5);
  await expect(
    update(() => {
      throw new RangeError("x");
    }),
  ).rejects.toThrow(RangeError);
});

test("newId() gives 22 letters that are safe in URLs, another one each time", () => {
  const ids = new Set(Array.from({ length: 10_000 }, () => newId()));
  expect(ids.size).toBe(10_000);
  for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/);
});

test("the text of what was thrown is short, whatever it is", () => {
  const sparse: unknown[] = [];
  sparse[1e9] = 1;
  expect([new Error("x"), "y", 5, undefined, { a: 1 }, sparse].map(messageOf)).toEqual(["x", "y", "5", "undefined", "[object Object]", "[object Array]"]);
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  expect(messageOf(proxy)).toBe("an error that cannot be shown");
});
