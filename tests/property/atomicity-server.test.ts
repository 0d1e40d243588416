import { autorun } from "mobx";
import { current, EventError, event, state } from "twinstate";
import { expect, test } from "vitest";
import { serveTwin } from "../kit/app.js";
import { canon } from "../kit/canon.js";
import { Program } from "../kit/program.js";
import { Random } from "../kit/random.js";
import { storages } from "../kit/storages.js";

const events = process.env.TEST_FULL === undefined ? 300 : 10_000;
const seed = Number(process.env.SEED ?? 1);

class Card {
  @state title: unknown = "";
  @state list: unknown[] = [];
  constructor(readonly id = "") {}
}

const FIELDS = ["one", "items", "table"];
const names = (value: object) => (value instanceof Store ? [...FIELDS, "hidden"] : value instanceof Card ? ["title", "list"] : Object.keys(value));
/** What a reaction on each live store has seen last. */
const seen = new Map<Store, string>();

abstract class Store {
  @state one: unknown = undefined;
  @state items: unknown[] = [];
  @state table = new Map<unknown, unknown>();
  @state({ private: true }) protected hidden: unknown = undefined;
  protected onLoad() {
    autorun(() => void seen.set(this, canon(this, names)));
  }
  change(random: Random) {
    const program = new Program(random, this, [...FIELDS, "hidden"], Card);
    for (let steps = random.int(6); steps >= 0; steps--) {
      try {
        program.step();
      } catch (error) {
        if ((error as { code?: string }).code !== "NOT_STATE") throw error;
      }
    }
  }
}
class Right extends Store {}
class Left extends Store {
  @event async begin() {
    this.one = (await current().get(Right)).one = "begun";
  }
  @event async look() {
    await current().get(Right);
  }
  /** Changes both stores. Throws at a random point, where `fails`. */
  @event run(n: number, fails: boolean) {
    const random = new Random(n);
    this.change(random);
    if (fails) throw new EventError("NO", "at once");
  }
  @event async runLater(n: number, fails: boolean) {
    const random = new Random(n);
    const right = await current().get(Right);
    const stop = random.int(4);
    for (let step = 0; step < 4; step++) {
      random.pick([this, right] as Store[]).change(random);
      if (fails && step === stop) throw new EventError("NO", "later");
      if (random.chance(0.5)) await Promise.resolve();
    }
  }
  @event async *runInParts(n: number, fails: boolean): AsyncGenerator<string[]> {
    const random = new Random(n);
    const right = await current().get(Right);
    const stop = random.int(4);
    for (let step = 0; step < 4; step++) {
      random.pick([this, right] as Store[]).change(random);
      if (fails && step === stop) throw new EventError("NO", "in parts");
      yield [canon(this, names), canon(right, names)];
    }
  }
}

test.each(storages)(
  `on %s, whatever throws wherever, the stores and all who react on them are as they were at the last commit (${events} events, SEED=${seed})`,
  {
    timeout: 1_800_000,
  },
  async (_, place) => {
    const { open } = place();
    const options = { stores: { left: Left, right: Right }, models: { Card }, eventTimeout: 60_000 };
    seen.clear();
    const { twin, storage } = await serveTwin({ ...options, storage: open() });
    const random = new Random(seed);
    const left = twin.left("s");
    // It stays in memory once it has changed.
    await left.begin();
    const [leftStore, rightStore] = [Left, Right].map((Class) => [...seen.keys()].find((store) => store instanceof Class)) as [Store, Store];
    const now = () => [canon(leftStore, names), canon(rightStore, names)];
    const reacted = () => [seen.get(leftStore), seen.get(rightStore)];
    for (let n = 0; n < events; n++) {
      let before = now();
      const fails = random.chance(0.6);
      const kind = random.pick(["run", "runLater", "runInParts"] as const);
      const call = left[kind](seed * 100_000 + n, fails);
      if (kind === "runInParts") {
        try {
          for await (const committed of call as unknown as AsyncIterable<string[]>) before = committed;
        } catch {
          // The call itself tells.
        }
      }
      if (fails) await expect(call, `event ${n}`).rejects.toMatchObject({ code: "NO" });
      else await call;
      if (fails) expect(now(), `after event ${n}`).toEqual(before);
      expect(reacted(), `reactions after event ${n}`).toEqual(now());
      const visible = (await left.$snapshot()) as object;
      expect(canon(visible)).toBe(canon(leftStore, (value) => names(value).filter((name) => name !== "hidden")));
    }
    if (!storage.durable) return;
    // The next process has the same.
    const last = now();
    await twin.close();
    seen.clear();
    const next = await serveTwin({ ...options, storage: open() });
    await next.twin.left("s").look();
    expect([Left, Right].map((Class) => seen.get([...seen.keys()].find((store) => store instanceof Class) as Store))).toEqual(last);
  },
);
