import { autorun } from "mobx";
import { describe, expect, test } from "vitest";
import { computed, event, state } from "../../lib/class/decorators.js";
import { nodeOf } from "../../lib/graph/node.js";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { createStore } from "../../lib/store/store.js";
import { toPlain } from "../../lib/view/view.js";

const wire = <T>(value: T): T => JSON.parse(JSON.stringify(value));

class Item {
  @state title: string;
  @state tags: string[] = [];
  @state note?: string;
  readonly made = "here";
  #views = 0;
  static count = 0;
  static #secret = 1;
  static {
    Item.count = Item.#secret - 1;
  }

  constructor(title = "untitled", tags: string[] = ["new"]) {
    this.title = title;
    this.tags = tags;
    Item.count++;
  }

  @computed get label(): string {
    return `${this.title} (${this.tags.length})`;
  }
  get short(): string {
    return this.title.slice(0, 3);
  }
  set short(text: string) {
    this.title = text;
  }
  @event rename(title: string): this {
    this.title = title;
    return this;
  }
  view(): number {
    this.#note();
    return this.#views;
  }
  #note(): void {
    this.#views++;
  }
  isMine(other: object): boolean {
    return #views in other;
  }
}

class Timed extends Item {
  @state at = new Date(5);
  @computed override get label(): string {
    return `${super.label} at ${this.at.getTime()}`;
  }
  override rename(title: string): this {
    return super.rename(title.toUpperCase());
  }
}

type Constructor = new (...args: any[]) => object;
function Counted<B extends Constructor>(Base: B) {
  class Counted extends Base {
    @state count = 0;
    @event increment(): number {
      return ++this.count;
    }
    @computed get double(): number {
      return this.count * 2;
    }
    set double(value: number) {
      this.count = value / 2;
    }
  }
  return Counted;
}

class Shelf extends Counted(Timed) {
  @state items: Item[] = [];
  @state({ private: true }) protected hidden = { n: 1 };
  local = { not: "state" };
  peek(): { n: number } {
    return this.hidden;
  }
}

function make() {
  const store = createStore({ name: "shelf", instance: new Shelf(), models: { Item, Timed } });
  const mirror = createMirror({ faces: openFace, name: "shelf" });
  mirror.applySnapshot(wire(store.snapshot()));
  const send = () => {
    const delta = store.commit();
    if (delta) mirror.applyDelta(wire(delta));
    return delta;
  };
  return { store, shelf: store.instance as Shelf, twin: mirror.live as Shelf, send };
}

describe("a class instance stays what its class makes of it", () => {
  test("#private fields and methods, and `#x in`", () => {
    const { shelf } = make();
    const item = new Item("a");
    shelf.items.push(item);
    expect(shelf.items[0]).toBe(item);
    expect(item.view()).toBe(1);
    expect(shelf.items[0]?.view()).toBe(2);
    expect(item.isMine(shelf.items[0] as Item)).toBe(true);
    expect(shelf.view()).toBe(1);
  });

  test("static blocks and fields", () => {
    const before = Item.count;
    new Item();
    expect(Item.count).toBe(before + 1);
  });

  test("constructor parameters and their defaults", () => {
    const { shelf, twin, send } = make();
    shelf.items.push(new Item(), new Item("b", ["x", "y"]));
    send();
    expect(twin.items.map((item) => [item.title, [...item.tags]])).toEqual([
      ["untitled", ["new"]],
      ["b", ["x", "y"]],
    ]);
  });

  test("an uninitialised field is state", () => {
    const { shelf, twin, send } = make();
    shelf.items.push(new Item());
    send();
    expect(twin.items[0]?.note).toBeUndefined();
    let seen: string | undefined = "none";
    const stop = autorun(() => (seen = twin.items[0]?.note));
    (shelf.items[0] as Item).note = "set";
    send();
    expect(seen).toBe("set");
    stop();
  });

  test("a field without @state is neither sent nor kept in the store", () => {
    const { shelf, twin, store } = make();
    expect(shelf.local).toEqual({ not: "state" });
    expect("local" in twin).toBe(false);
    shelf.local = { not: "noticed" };
    expect(store.open).toBe(false);
    expect(JSON.stringify(store.save())).not.toContain("local");
  });

  test("a private field is kept, and never sent", () => {
    const { shelf, twin, store, send } = make();
    shelf.peek().n = 2;
    expect(store.open).toBe(true);
    expect(send()).toBeUndefined();
    expect("hidden" in twin).toBe(false);
    expect(JSON.stringify(store.snapshot())).not.toContain("hidden");
    shelf.peek().n = 3;
    store.rollback();
    expect(shelf.peek().n).toBe(2);
  });

  test("inheritance: fields, computeds and events of all ancestors; overriding ones win", () => {
    const { shelf, twin, send } = make();
    const timed = new Timed("t");
    shelf.items.push(timed);
    timed.rename("loud");
    send();
    expect(twin.items[0]?.title).toBe("LOUD");
    expect(twin.items[0]?.label).toBe("LOUD (1) at 5");
    expect((twin.items[0] as Timed).at).toEqual(new Date(5));
    expect(shelf.items[0]).toBeInstanceOf(Item);
    expect(shelf.label).toBe("untitled (1) at 5");
  });

  test("mixins", () => {
    const { shelf, twin, send } = make();
    expect(shelf.increment()).toBe(1);
    send();
    expect(twin.count).toBe(1);
    expect(twin.double).toBe(2);
  });

  test("a setter beside a @computed getter, and beside a plain one", () => {
    const { shelf, twin, send } = make();
    shelf.double = 10;
    shelf.short = "xyzw";
    send();
    expect(shelf.count).toBe(5);
    expect(twin.double).toBe(10);
    expect(shelf.short).toBe("xyz");
    expect(() => ((shelf as { label: string }).label = "x")).toThrow("`shelf.label` is a `@computed` getter without a setter");
  });

  test("JSON.stringify, keys and toPlain see its fields", () => {
    const { shelf } = make();
    shelf.items.push(new Item("j"));
    const [item] = shelf.items as [Item];
    expect(Object.keys(item).sort()).toEqual(["made", "note", "tags", "title"]);
    expect(JSON.parse(JSON.stringify(item))).toEqual({ title: "j", tags: ["new"], made: "here" });
    expect(toPlain(item)).toMatchObject({ title: "j", tags: ["new"] });
  });

  test("it is the same object after it left and came back, in another event too", () => {
    const { shelf, store, twin, send } = make();
    const item = new Item("back");
    shelf.items.push(item);
    send();
    store.endTurn();
    shelf.items.pop();
    send();
    store.endTurn();
    item.title = "changed outside";
    shelf.items.push(item);
    expect(shelf.items[0]).toBe(item);
    send();
    expect(twin.items[0]?.title).toBe("changed outside");
  });
});

describe("an instance that cannot enter", () => {
  class Bad extends Item {
    @state handler: unknown = undefined;
  }
  const models = { Item, Bad };

  test("is as it was: its fields are plain, and it enters once it is right", () => {
    const store = createStore({ name: "shelf", instance: new Shelf(), models });
    store.watch();
    const shelf = store.instance as Shelf;
    const good = new Item("good");
    const bad = new Bad("bad");
    bad.handler = { deep: [() => 1] };
    expect(() => shelf.items.push(good, bad)).toThrow("`shelf.items[1].handler.deep[0]` cannot hold a function");
    expect(shelf.items).toEqual([]);
    for (const one of [good, bad]) expect(Object.getOwnPropertyDescriptor(one, "title")).toMatchObject({ value: one.title, writable: true });
    expect(() => shelf.items.push(bad)).toThrow("`shelf.items[0].handler.deep[0]`");
    bad.handler = 1;
    bad.tags.push("later");
    shelf.items.push(good, bad);
    expect(shelf.items.map((item) => item.tags.length)).toEqual([1, 2]);
    expect(shelf.items[1]).toBe(bad);
    expect(store.commit()).toBeDefined();
  });

  test("because it is frozen", () => {
    const { shelf } = make();
    for (const close of [Object.freeze, Object.seal, Object.preventExtensions])
      expect(() => shelf.items.push(close(new Item()))).toThrow("`shelf.items[0]` cannot hold an instance of `Item` that is frozen or sealed");
    expect(shelf.items.length).toBe(0);
  });

  test("because its class is not registered, though its parent is", () => {
    const { shelf } = make();
    class Unknown extends Item {}
    expect(() => shelf.items.push(new Unknown())).toThrow("an instance of `Unknown`");
  });

  test("instances that refer to each other enter together", () => {
    class Person {
      @state friend: Person | undefined = undefined;
      @state friends = new Set<Person>();
    }
    class People {
      @state all: Person[] = [];
    }
    const store = createStore({ name: "people", instance: new People(), models: { Person } });
    const people = store.instance as People;
    const [a, b] = [new Person(), new Person()];
    a.friend = b;
    b.friend = a;
    b.friends.add(a).add(b);
    people.all.push(a);
    expect(people.all[0]?.friend).toBe(b);
    expect(b.friend).toBe(a);
    expect(b.friends.has(b)).toBe(true);
    const mirror = createMirror({ faces: openFace, name: "people" });
    mirror.applySnapshot(wire(store.snapshot()));
    store.commit();
    mirror.applySnapshot(wire(store.snapshot()));
    const twin = mirror.live as People;
    expect(twin.all[0]?.friend?.friend).toBe(twin.all[0]);
    expect(twin.all[0]?.friend?.friends.has(twin.all[0] as Person)).toBe(true);
  });
});

describe("a @computed", () => {
  class Sums {
    @state numbers = [1, 2];
    @state deep = { list: [{ n: 1 }] };
    runs = 0;
    @computed get sum(): number {
      this.runs++;
      return this.numbers.reduce((a, b) => a + b, 0);
    }
    @computed get writes(): number {
      return this.numbers.push(1);
    }
  }

  test("that writes is refused, and reported", () => {
    const reported: string[] = [];
    const store = createStore({ name: "sums", instance: new Sums(), report: (error, path) => reported.push(`${path}: ${(error as Error).message}`) });
    store.watch();
    expect(reported).toEqual([expect.stringContaining("sums.writes: `sums.numbers[2]` was changed by a `@computed` getter")]);
    expect([...(store.instance as Sums).numbers]).toEqual([1, 2]);
  });

  test("that gives an equal date, or one nested in an object, sends nothing", () => {
    class Deadline {
      @state days = 1;
      @computed get week(): Date {
        return new Date(Math.floor(this.days / 7) * 604_800_000);
      }
      @computed get range(): { from: Date; name: string } {
        return { from: this.week, name: "week" };
      }
    }
    const store = createStore({ name: "deadline", instance: new Deadline() });
    const mirror = createMirror({ faces: openFace, name: "deadline" });
    mirror.applySnapshot(wire(store.snapshot()));
    (store.instance as Deadline).days = 2;
    const delta = store.commit();
    expect(JSON.stringify(delta)).not.toMatch(/week|1970|from/);
    expect(delta).toHaveLength(4);
    mirror.applyDelta(wire(delta) as readonly unknown[]);
    (store.instance as Deadline).days = 8;
    mirror.applyDelta(wire(store.commit()) as readonly unknown[]);
    expect((mirror.live as Deadline).range).toEqual({ from: new Date(604_800_000), name: "week" });
  });

  test("that throws reports each time, does not stop a commit, and recovers", () => {
    class Fragile {
      @state n = 0;
      @computed get inverse(): number {
        if (this.n === 0) throw new RangeError("nothing to divide by");
        return 1 / this.n;
      }
    }
    const reported: unknown[] = [];
    const store = createStore({ name: "fragile", instance: new Fragile(), report: (error) => reported.push(error) });
    const mirror = createMirror({ faces: openFace, name: "fragile" });
    mirror.applySnapshot(wire(store.snapshot()));
    expect(reported.length).toBeGreaterThan(0);
    const twin = mirror.live as Fragile;
    expect(twin.inverse).toBeUndefined();
    (store.instance as Fragile).n = 4;
    mirror.applyDelta(wire(store.commit()) as readonly unknown[]);
    expect(twin.inverse).toBe(0.25);
  });
});

test("a store tells the numbers of the instances that a commit has made, in the order in which they entered", () => {
  class Sub {
    @state n = 0;
  }
  class Row {
    @state sub: Sub | null = new Sub();
  }
  class Rows {
    @state rows: Row[] = [];
    @state({ private: true }) protected hidden: Row[] = [];
    @computed get fresh() {
      return this.rows.length > 0 ? [new Sub()] : [];
    }
    fill() {
      const row = new Row();
      this.hidden.push(new Row());
      this.rows.push(row, row, new Row());
      expect(() => this.rows.push(Object.assign(new Row(), { sub: () => {} }))).toThrow();
    }
  }
  const rows = new Rows();
  const store = createStore({ name: "rows", instance: rows, models: { Row, Sub } });
  store.snapshot();
  store.noteMade();
  rows.fill();
  store.commit();
  const numbers = rows.rows.flatMap((row) => [nodeOf(row)?.id, nodeOf(row.sub)?.id]);
  // A row that clients do not see, with its part; two rows with theirs; and one that was refused.
  expect(store.made()).toEqual([-1, -1, numbers[0], numbers[1], numbers[4], numbers[5], -1]);
  expect(new Set(store.made()).size).toBe(5);
  // Only what is noted counts, and only the last commit.
  rows.rows.push(new Row());
  store.commit();
  expect(store.made()).toHaveLength(2);
  store.endTurn();
  rows.rows.push(new Row());
  store.commit();
  expect(store.made()).toEqual([]);
});

test("a store finds the instance that clients know by a number, as long as they see it", () => {
  class Row {
    @state list: number[] = [];
  }
  class Rows {
    @state rows = [new Row()];
    @state({ private: true }) protected hidden: Row[] = [];
    hide() {
      this.hidden = this.rows.splice(0);
    }
  }
  const rows = new Rows();
  const store = createStore({ name: "rows", instance: rows, models: { Row } });
  store.snapshot();
  const [row] = rows.rows as [Row];
  const number = nodeOf(row)?.id as number;
  expect(store.instanceOf(number)).toEqual({ model: "Row", instance: row });
  expect([...store.look().instances]).toEqual([["Row", number, { list: [] }]]);
  // The store's own, a list, and numbers that are none.
  for (const other of [0, nodeOf(rows.rows)?.id, nodeOf(row.list)?.id, number + 2 ** 32, 1000]) expect(store.instanceOf(other as number)).toBeUndefined();
  rows.hide();
  expect(store.instanceOf(number)?.instance, "until that is committed").toBe(row);
  store.commit();
  expect(store.instanceOf(number)).toBeUndefined();
});
