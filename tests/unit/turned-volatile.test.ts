import { expect, test } from "vitest";
import { computed, state } from "../../lib/class/decorators.js";
import { createStore } from "../../lib/store/store.js";

/** The class as each process has it. */
const loaded = () => {
  class Talk {
    @state topic = "";
    @state({ persist: false }) typing = "";
    @computed get label(): string {
      return this.topic ? `${this.topic} ${this.typing}` : "none";
    }
  }
  return Talk;
};

/** A store that clients have watched, whose computed has turned volatile, and would not be so if it were loaded again. */
function saved(Talk: ReturnType<typeof loaded>) {
  const instance = new Talk();
  const store = createStore({ name: "talk", instance });
  store.snapshot();
  store.volatile();
  instance.topic = "tea";
  store.commit();
  expect(store.takeRenumbered()).toBe(true);
  instance.topic = "";
  store.commit();
  return JSON.parse(JSON.stringify(store.save()));
}

test("a computed that has turned volatile stays so when its store comes back, so clients that resume keep it", () => {
  const Talk = loaded();
  const store = createStore({ name: "talk", instance: new Talk(), restore: saved(Talk) });
  store.watch();
  expect(store.resumable).toBe(true);
  expect(JSON.stringify(store.volatile())).toContain('"none"');
});

test("where a new process does not know that it was volatile, clients get a snapshot", () => {
  const store = createStore({ name: "talk", instance: new (loaded())(), restore: saved(loaded()) });
  store.watch();
  expect(store.resumable).toBe(false);
  expect(JSON.stringify(store.snapshot())).toContain('"none"');
});
