import {
  autorun,
  compareStructural,
  configure,
  type IReactionDisposer,
  isObservable,
  makeObservable,
  computed as mobxComputed,
  observable,
  reaction,
  runInAction,
  transaction,
  untracked,
  when,
} from "mobx";
import { afterEach, describe, expect, test } from "vitest";
import { computed, state } from "../../lib/class/decorators.js";
import { onDelta } from "../../lib/graph/listeners.js";
import { openFace } from "../../lib/live/faces.js";
import { createMirror } from "../../lib/mirror/mirror.js";
import { createStore } from "../../lib/store/store.js";
import { isState, toPlain } from "../../lib/view/view.js";
import { hold } from "../kit/hold.js";

// The tests change MobX's own observables outside actions, to hold both against each other.
configure({ enforceActions: "never" });

interface Shape {
  list: { n: number; done?: boolean }[];
  numbers: number[];
  map: Map<string, unknown>;
  set: Set<unknown>;
  table: Record<string, unknown>;
}
const data = (): Shape => ({
  list: [{ n: 1 }, { n: 2 }],
  numbers: [3, 1, 2],
  map: new Map<string, unknown>([
    ["a", 1],
    ["b", { n: 1 }],
  ]),
  set: new Set<unknown>(["x"]),
  table: { a: 1, b: { n: 1 } },
});

// On MobX's own and on ours: whatever holds here for one holds for the other.
const sides: [string, () => Shape][] = [
  ["an observable of MobX", () => observable(data())],
  ["a store", () => hold(data()).it],
];

let stops: IReactionDisposer[] = [];
afterEach(() => {
  for (const stop of stops) stop();
  stops = [];
});

/** How often a reaction has run, and what it read last. */
function watch<R>(read: () => R): { runs: number; last: R | undefined } {
  const seen: { runs: number; last: R | undefined } = { runs: 0, last: undefined };
  stops.push(
    autorun(() => {
      seen.last = read();
      seen.runs++;
    }),
  );
  return seen;
}

describe.each(sides)("%s", (_, make) => {
  describe("objects", () => {
    test("a property that was read tells; another one does not", () => {
      const { table } = make();
      const seen = watch(() => table.a);
      table.b = 5;
      table.new = 1;
      expect(seen.runs).toBe(1);
      table.a = 2;
      expect(seen).toEqual({ runs: 2, last: 2 });
    });

    test("an equal value tells nobody, NaN included", () => {
      const { table } = make();
      const seen = watch(() => table.a);
      table.a = 1;
      expect(seen.runs).toBe(1);
      table.a = Number.NaN;
      table.a = Number.NaN;
      expect(seen.runs).toBe(2);
    });

    test("a missing key that is read tells when it comes, and when it goes", () => {
      const { table } = make();
      const seen = watch(() => table.later);
      const other = watch(() => table.never);
      table.later = 1;
      expect(seen).toEqual({ runs: 2, last: 1 });
      delete table.later;
      expect(seen).toEqual({ runs: 3, last: undefined });
      expect(other.runs).toBe(1);
    });

    test("`in` tells of that key alone, and not of its value", () => {
      const { table } = make();
      const seen = watch(() => "later" in table);
      table.other = 1;
      expect(seen.runs).toBe(1);
      table.later = 1;
      expect(seen).toEqual({ runs: 2, last: true });
      table.later = 2;
      expect(seen.runs).toBe(2);
      delete table.later;
      expect(seen).toEqual({ runs: 3, last: false });
    });

    test("Object.keys and for in tell of keys that come and go, not of values", () => {
      const { table } = make();
      const keys = watch(() => Object.keys(table).join());
      const loop = watch(() => {
        const found: string[] = [];
        for (const key in table) found.push(key);
        return found.join();
      });
      table.a = 9;
      expect([keys.runs, loop.runs]).toEqual([1, 1]);
      table.c = 1;
      expect([keys.last, loop.last]).toEqual(["a,b,c", "a,b,c"]);
      delete table.a;
      expect([keys.last, loop.last]).toEqual(["b,c", "b,c"]);
      expect([keys.runs, loop.runs]).toEqual([3, 3]);
    });

    test("Object.values, Object.entries, spread and JSON.stringify tell of values too", () => {
      const { table } = make();
      const all = [() => Object.values(table).length, () => Object.entries(table).length, () => ({ ...table }), () => JSON.stringify(table)].map((read) =>
        watch<unknown>(read),
      );
      table.a = 2;
      expect(all.map(({ runs }) => runs)).toEqual([2, 2, 2, 2]);
      table.c = 1;
      expect(all.every(({ runs }) => runs === 3 || runs === 4)).toBe(true);
      expect(all[3]?.last).toBe('{"a":2,"b":{"n":1},"c":1}');
    });

    test("what is assigned becomes observable, deeply", () => {
      const { table } = make();
      table.deep = { list: [{ n: 1 }] };
      const deep = () => table.deep as { list: { n: number }[] };
      const seen = watch(() => deep().list[0]?.n);
      (deep().list[0] as { n: number }).n = 2;
      expect(seen).toEqual({ runs: 2, last: 2 });
      deep().list.unshift({ n: 3 });
      expect(seen.last).toBe(3);
    });

    test("a container that was replaced tells no more", () => {
      const { table } = make();
      const old = table.b as { n: number };
      const seen = watch(() => (table.b as { n: number }).n);
      table.b = { n: 5 };
      expect(seen).toEqual({ runs: 2, last: 5 });
      old.n = 6;
      expect(seen.runs).toBe(2);
    });
  });

  describe("arrays", () => {
    test("any change of the items tells what read an item, the length, or all", () => {
      const { numbers } = make();
      const all = [() => numbers[0], () => numbers.length, () => [...numbers].join(), () => numbers.map((n) => n).length].map((read) => watch<unknown>(read));
      numbers.push(9);
      expect(all.map(({ runs }) => runs)).toEqual([2, 2, 2, 2]);
      numbers[1] = 8;
      expect(all[2]?.last).toBe("3,8,2,9");
      numbers.length = 1;
      expect(all[2]?.last).toBe("3");
    });

    test("an equal item, an empty splice and an empty push tell nobody", () => {
      const { numbers } = make();
      const seen = watch(() => numbers.length);
      numbers[0] = 3;
      numbers.splice(1, 0);
      numbers.push();
      expect(seen.runs).toBe(1);
    });

    test("every method that changes tells once", () => {
      const { numbers } = make();
      const seen = watch(() => numbers.join());
      const changes = [
        () => numbers.push(7, 8),
        () => numbers.pop(),
        () => numbers.shift(),
        () => numbers.unshift(5, 6),
        () => numbers.splice(1, 2, 0, 0, 0),
        () => numbers.splice(0, numbers.length, 3, 2, 1),
      ];
      changes.forEach((change, i) => {
        change();
        expect(seen.runs).toBe(i + 2);
      });
      expect(seen.last).toBe("3,2,1");
    });

    test("sort and reverse change the array in place, and give it", () => {
      const { numbers } = make();
      const seen = watch(() => numbers.join());
      expect(runInAction(() => numbers.sort())).toBe(numbers);
      expect(seen.last).toBe("1,2,3");
      expect(runInAction(() => numbers.reverse())).toBe(numbers);
      expect(seen.last).toBe("3,2,1");
    });

    test("every method that reads is tracked", () => {
      const reads: [string, (list: number[]) => unknown][] = [
        ["at", (list) => list.at(-1)],
        ["concat", (list) => list.concat(1).join()],
        ["entries", (list) => [...list.entries()].join()],
        ["every", (list) => list.every((n) => n < 9)],
        ["filter", (list) => list.filter((n) => n > 5).length],
        ["find", (list) => list.find((n) => n > 98)],
        ["findIndex", (list) => list.findIndex((n) => n > 98)],
        ["findLast", (list) => list.findLast((n) => n > 0)],
        ["findLastIndex", (list) => list.findLastIndex((n) => n > 0)],
        ["flat", (list) => list.flat().join()],
        ["flatMap", (list) => list.flatMap((n) => [n, n]).length],
        ["forEach", (list) => list.forEach(() => {})],
        ["includes", (list) => list.includes(99)],
        ["indexOf", (list) => list.indexOf(99)],
        ["join", (list) => list.join()],
        ["keys", (list) => [...list.keys()].join()],
        ["lastIndexOf", (list) => list.lastIndexOf(99)],
        ["map", (list) => list.map((n) => n).join()],
        ["reduce", (list) => list.reduce((a, b) => a + b, 0)],
        ["reduceRight", (list) => list.reduceRight((a, b) => a + b, 0)],
        ["slice", (list) => list.slice().join()],
        ["some", (list) => list.some((n) => n === 99)],
        ["toReversed", (list) => list.toReversed().join()],
        ["toSorted", (list) => list.toSorted().join()],
        ["toSpliced", (list) => list.toSpliced(0, 1).join()],
        ["toString", (list) => String(list)],
        ["values", (list) => [...list.values()].join()],
        ["with", (list) => list.with(0, 5).join()],
        ["Array.from", (list) => Array.from(list).join()],
        ["destructuring", ([first, ...rest]) => `${first}${rest.length}`],
        ["JSON.stringify", (list) => JSON.stringify(list)],
      ];
      for (const [name, read] of reads) {
        const { numbers } = make();
        const seen = watch(() => read(numbers));
        numbers.push(99);
        expect(seen.runs, name).toBeGreaterThan(1);
      }
    });

    test("an item's property tells who read it, not who read the array", () => {
      const { list } = make();
      const length = watch(() => list.length);
      const done = watch(() => list.filter((item) => item.done).length);
      runInAction(() => ((list[0] as { done?: boolean }).done = true));
      expect(length.runs).toBe(1);
      expect(done).toEqual({ runs: 2, last: 1 });
    });
  });

  describe("Maps", () => {
    test("get tells of its key alone; a missing one tells when it comes", () => {
      const { map } = make();
      const a = watch(() => map.get("a"));
      const later = watch(() => map.get("later"));
      map.set("later", 5);
      expect(a.runs).toBe(1);
      expect(later).toEqual({ runs: 2, last: 5 });
      map.set("a", 2);
      map.set("a", 2);
      expect(a).toEqual({ runs: 2, last: 2 });
      map.delete("a");
      expect(a.last).toBeUndefined();
    });

    test("has tells when that key comes or goes, not when its value changes", () => {
      const { map } = make();
      const seen = watch(() => map.has("later"));
      map.set("other", 1);
      expect(seen.runs).toBe(1);
      map.set("later", 1);
      expect(seen).toEqual({ runs: 2, last: true });
      map.set("later", 2);
      expect(seen.runs).toBe(2);
      map.delete("later");
      expect(seen).toEqual({ runs: 3, last: false });
    });

    test("keys and size tell of adding and deleting alone", () => {
      const { map } = make();
      const keys = watch(() => [...map.keys()].join());
      const size = watch(() => map.size);
      map.set("a", 9);
      expect([keys.runs, size.runs]).toEqual([1, 1]);
      map.set("c", 1);
      map.delete("a");
      expect([keys, size]).toEqual([
        { runs: 3, last: "b,c" },
        { runs: 3, last: 2 },
      ]);
    });

    test("values, entries, forEach and iteration tell of all", () => {
      const { map } = make();
      const all = [
        () => [...map.values()].length,
        () => [...map.entries()].length,
        () => [...map].length,
        () => {
          let n = 0;
          map.forEach(() => {
            n++;
          });
          return n;
        },
      ].map((read) => watch<unknown>(read));
      map.set("a", 2);
      expect(all.map(({ runs }) => runs)).toEqual([2, 2, 2, 2]);
      map.delete("a");
      expect(all.map(({ last }) => last)).toEqual([1, 1, 1, 1]);
    });

    test("clear tells once, and nobody when it was empty", () => {
      const { map } = make();
      const seen = watch(() => map.size);
      const gone = watch(() => map.get("a"));
      map.clear();
      expect([seen, gone]).toEqual([
        { runs: 2, last: 0 },
        { runs: 2, last: undefined },
      ]);
      map.clear();
      expect(seen.runs).toBe(2);
    });

    test("what is set becomes observable", () => {
      const { map } = make();
      map.set("deep", { n: 1 });
      const seen = watch(() => (map.get("deep") as { n: number }).n);
      (map.get("deep") as { n: number }).n = 2;
      expect(seen.last).toBe(2);
    });
  });

  describe("Sets", () => {
    test("add and delete tell who read the size, or looped; what was there tells nobody", () => {
      const { set } = make();
      const all = [() => set.size, () => [...set].length, () => [...set.values()].length, () => [...set.entries()].length].map((read) => watch<unknown>(read));
      set.add("x");
      set.delete("not there");
      expect(all.map(({ runs }) => runs)).toEqual([1, 1, 1, 1]);
      set.add("y");
      expect(all.map(({ last }) => last)).toEqual([2, 2, 2, 2]);
      set.clear();
      expect(all.map(({ last }) => last)).toEqual([0, 0, 0, 0]);
    });

    test("has tells when it changes", () => {
      const { set } = make();
      const seen = watch(() => set.has("y"));
      set.add("y");
      expect(seen.last).toBe(true);
      set.delete("y");
      expect(seen.last).toBe(false);
    });
  });

  describe("reactions", () => {
    test("changes of one batch are seen together", () => {
      for (const batch of [runInAction, transaction] as ((run: () => void) => void)[]) {
        const shape = make();
        const seen = watch(() => `${shape.table.a} ${shape.numbers.length} ${shape.map.get("a")} ${shape.set.size}`);
        batch(() => {
          shape.table.a = 2;
          shape.numbers.push(1);
          batch(() => shape.map.set("a", 2));
          shape.set.add("y");
          expect(seen.runs).toBe(1);
        });
        expect(seen).toEqual({ runs: 2, last: "2 4 2 2" });
      }
    });

    test("reads in a batch see its changes at once", () => {
      const { table, numbers } = make();
      const sum = mobxComputed(() => numbers.reduce((a, b) => a + b, 0));
      watch(() => sum.get());
      runInAction(() => {
        numbers.push(10);
        table.a = 2;
        expect([table.a, numbers.length, sum.get()]).toEqual([2, 4, 16]);
      });
    });

    test("reaction runs its effect when what it selects has changed, by its comparer", () => {
      const { list } = make();
      const effects: unknown[] = [];
      stops.push(
        reaction(
          () => list.map((item) => item.n),
          (now, before) => effects.push([before, now]),
          { equals: compareStructural },
        ),
      );
      (list[0] as { done?: boolean }).done = true;
      runInAction(() => ((list[0] as { n: number }).n = 1));
      expect(effects).toEqual([]);
      (list[0] as { n: number }).n = 7;
      expect(effects).toEqual([
        [
          [1, 2],
          [7, 2],
        ],
      ]);
    });

    test("when resolves as soon as its condition holds", async () => {
      const { numbers } = make();
      const waiting = when(() => numbers.length > 4);
      numbers.push(1);
      numbers.push(1);
      await waiting;
      expect(numbers.length).toBe(5);
    });

    test("a computed is evaluated once for many readers, and only when what it read has changed", () => {
      const { list, table } = make();
      let runs = 0;
      const total = mobxComputed(() => {
        runs++;
        return list.reduce((sum, item) => sum + item.n, 0);
      });
      const readers = [watch(() => total.get()), watch(() => total.get() * 2)];
      expect(runs).toBe(1);
      table.a = 5;
      expect(runs).toBe(1);
      (list[1] as { n: number }).n = 5;
      expect(runs).toBe(2);
      expect(readers.map(({ last }) => last)).toEqual([6, 12]);
      runInAction(() => {
        (list[0] as { n: number }).n = 2;
        (list[1] as { n: number }).n = 4;
      });
      // The same total: its readers do not run.
      expect(readers.map(({ runs }) => runs)).toEqual([2, 2]);
    });

    test("what is read untracked does not tell, nor after the reaction has ended", () => {
      const { table, numbers } = make();
      const seen = watch(() => untracked(() => table.a));
      const length = watch(() => numbers.length);
      table.a = 2;
      expect(seen.runs).toBe(1);
      for (const stop of stops) stop();
      numbers.push(1);
      expect(length.runs).toBe(1);
    });

    test("what a reaction reads changes with what it does", () => {
      const { table, map } = make();
      const seen = watch(() => (table.a === 1 ? map.get("a") : "off"));
      table.a = 2;
      expect(seen.last).toBe("off");
      map.set("a", 5);
      expect(seen.runs).toBe(2);
    });

    test("a reaction may change state itself", () => {
      const { table } = make();
      stops.push(autorun(() => (table.double = (table.a as number) * 2)));
      table.a = 4;
      expect(table.double).toBe(8);
    });

    test("a reaction that throws does not stop the others, nor the one who wrote", () => {
      const { table } = make();
      const errors: string[] = [];
      stops.push(
        autorun(
          () => {
            if (table.a === 2) throw new RangeError("in a reaction");
          },
          { onError: (error) => errors.push(error.message) },
        ),
      );
      const seen = watch(() => table.a);
      table.a = 2;
      expect(errors).toEqual(["in a reaction"]);
      expect(seen.last).toBe(2);
      table.a = 3;
      expect(seen.last).toBe(3);
    });
  });
});

describe("fields of instances", () => {
  class Person {
    @state first = "Ada";
    @state last = "Lovelace";
    @state friends: Person[] = [];
    runs = 0;
    @computed get full(): string {
      this.runs++;
      return `${this.first} ${this.last}`;
    }
  }
  const make = () => createStore({ name: "person", instance: new Person(), models: { Person } }).instance as Person;

  test("a field tells who read it, also when it is replaced as a whole", () => {
    const person = make();
    const first = watch(() => person.first);
    const friends = watch(() => person.friends.map((friend) => friend.first).join());
    person.last = "L";
    expect(first.runs).toBe(1);
    person.first = "A";
    expect(first.last).toBe("A");
    person.friends = [new Person()];
    (person.friends[0] as Person).first = "B";
    expect(friends).toEqual({ runs: 3, last: "B" });
  });

  test("a @computed is cached while somebody looks", () => {
    const person = make();
    const seen = [watch(() => person.full), watch(() => person.full.length)];
    const { runs } = person;
    void person.full;
    expect(person.runs).toBe(runs);
    person.friends.push(new Person());
    expect(person.runs).toBe(runs);
    person.first = "Eve";
    expect(person.runs).toBe(runs + 1);
    expect(seen[0]?.last).toBe("Eve Lovelace");
  });

  test("a store and MobX's own observables react in one world", () => {
    const person = make();
    class Ui {
      open = false;
      get title() {
        return this.open ? person.full : "closed";
      }
      constructor() {
        makeObservable(this, { open: observable, title: mobxComputed });
      }
    }
    const ui = new Ui();
    const seen = watch(() => ui.title);
    runInAction(() => {
      ui.open = true;
      person.first = "Grace";
    });
    expect(seen).toEqual({ runs: 2, last: "Grace Lovelace" });
  });
});

describe("what is ours in the place of what MobX has for its own", () => {
  test("isState, toPlain and onDelta for isObservable, toJS and observe", () => {
    const { it } = hold(data());
    for (const container of [it, it.list, it.list[0], it.map, it.set]) {
      expect(isState(container)).toBe(true);
      // MobX's look for what its own administration: none of ours.
      expect(isObservable(container)).toBe(false);
    }
    expect(isState(it.numbers[0]) || isState({}) || isState(null)).toBe(false);
    expect(toPlain(it)).toEqual(data());
    expect(isState(toPlain(it).list)).toBe(false);

    const deltas: unknown[] = [];
    const stop = [it.numbers, it.map, it.set, it.table].map((container) =>
      onDelta(container, (delta) => deltas.push(delta.type === "splice" ? [delta.index, delta.added(), delta.removed()] : { ...delta })),
    );
    it.numbers.push(4);
    it.numbers[0] = 9;
    it.map.set("a", 2).set("c", 3);
    it.map.delete("b");
    it.set.add("y");
    it.set.delete("x");
    it.table.a = 5;
    it.table.c = 6;
    delete it.table.c;
    (it.list[0] as { n: number }).n = 5;
    for (const end of stop) end();
    it.numbers.push(5);
    expect(deltas).toEqual([
      [3, [4], []],
      [0, [9], [3]],
      { type: "update", name: "a", value: 2, old: 1 },
      { type: "add", name: "c", value: 3 },
      { type: "remove", name: "b", old: { n: 1 } },
      { type: "add", value: "y" },
      { type: "remove", old: "x" },
      { type: "update", name: "a", value: 5, old: 1 },
      { type: "add", name: "c", value: 6 },
      { type: "remove", name: "c", old: 6 },
    ]);
    expect(() => onDelta({}, () => {})).toThrow("is no container of twinstate");
  });

  test("a reaction that takes a plain copy runs when anything in it changes", () => {
    const { it } = hold(data());
    const seen = watch(() => toPlain(it).list[1]?.n);
    (it.list[1] as { n: number }).n = 5;
    it.set.add("z");
    it.map.set("a", 7);
    it.table.new = 1;
    expect(seen.runs).toBe(5);
  });
});

// Where we knowingly differ from MobX.
describe("other than in MobX", () => {
  test("sort and reverse of an array tell once outside a batch too, and warn of nothing", () => {
    const { numbers } = hold(data()).it;
    const seen = watch(() => numbers.join());
    numbers.sort();
    numbers.reverse();
    expect(seen).toEqual({ runs: 3, last: "3,2,1" });
  });

  test("an index beyond the end is undefined, and tracked; MobX warns", () => {
    const { numbers } = hold(data()).it;
    const seen = watch(() => numbers[3]);
    numbers.push(7);
    expect(seen.last).toBe(7);
  });

  test("holes and functions are refused; MobX takes them", () => {
    const { it } = hold<Record<string, unknown>>({ list: [1] });
    expect(() => ((it.list as number[])[3] = 1)).toThrow("hole");
    expect(() => (it.method = () => 1)).toThrow("cannot hold");
  });
});

test("a twin reacts as the store does, once for each delta", () => {
  const { store, it } = hold(data());
  const mirror = createMirror({ faces: openFace, name: "store" });
  mirror.applySnapshot(JSON.parse(JSON.stringify(store.snapshot())));
  const twin = (mirror.live as { it: Shape }).it;
  const all = watch(() => `${twin.list.map((item) => item.n)} ${[...twin.map.keys()]} ${[...twin.set]} ${Object.keys(twin.table)}`);
  const other = watch(() => twin.table.b);
  it.list.push({ n: 3 });
  (it.list[0] as { n: number }).n = 9;
  it.map.set("z", 1);
  it.set.add("z");
  it.table.z = 1;
  mirror.applyDelta(JSON.parse(JSON.stringify(store.commit())));
  expect(all).toEqual({ runs: 2, last: "9,2,3 a,b,z x,z a,b,z" });
  expect(other.runs).toBe(1);
});
