import { expect, test } from "vitest";
import { RowWindow, type WindowOptions } from "../../react/parts/row-window.js";
import { Random } from "../kit/random.js";
import { soon } from "../kit/soon.js";

interface Row {
  id: number;
  name: string;
}

const SEEDS = process.env.TEST_FULL ? 300 : 20;

test.each(Array.from({ length: SEEDS }, (_, seed) => seed + 1))(
  "whatever is scrolled, changed and asked meanwhile, the window comes to show the list as it is (seed %i)",
  async (seed) => {
    const random = new Random(seed);
    const upTo = (n: number) => Math.floor(random.next() * n);
    let rows: Row[] = Array.from({ length: 200 }, (_, id) => ({ id, name: `row ${id}` }));
    let last = rows.length;
    let revision = 0;
    const found = (query: string) => rows.filter(({ name }) => name.includes(query));
    /** Answers are read at once or later, and come in any order. */
    const ask = async (from: number, to: number, query: string) => {
      if (random.next() < 0.5) await new Promise((resolve) => setTimeout(resolve, upTo(3)));
      const answer = { rows: structuredClone(found(query).slice(from, to)), count: found(query).length, revision };
      await new Promise((resolve) => setTimeout(resolve, upTo(4)));
      if (random.next() < 0.05) throw new Error("The line is cut.");
      return answer;
    };
    let options: WindowOptions<Row, string> = { query: "", revision, size: 8, keep: 3, pause: 1 };
    const window = new RowWindow(options);
    const set = (change: Partial<WindowOptions<Row, string>>) => {
      options = { ...options, ...change };
      window.use(ask, options);
    };
    set({});
    const unmount = window.mount();
    let [first, end] = [0, 7];
    for (let step = 0; step < 60; step++) {
      const act = upTo(6);
      if (act === 0) {
        first = upTo(rows.length);
        end = first + upTo(20);
        window.show(first, end);
      } else if (act === 1) {
        set({ query: ["", "1", "7", "row 1"][upTo(4)] as string });
        [first, end] = [0, end - first];
        window.show(first, end);
      } else if (act === 2) {
        const row = rows[upTo(rows.length)];
        if (row) row.name = `row ${upTo(1000)}`;
        revision++;
      } else if (act === 3) {
        rows = random.next() < 0.5 ? rows.filter(() => random.next() < 0.95) : [{ id: last++, name: `row ${last}` }, ...rows];
        revision++;
      } else if (act === 4) set({ revision });
      else await new Promise((resolve) => setTimeout(resolve, upTo(5)));
    }
    set({ revision });
    await soon(() => {
      const { count, rowAt, pending, outdated, error, retry } = window.state.get();
      if (error) retry();
      expect({ pending, outdated, error, count }).toEqual({ pending: false, outdated: false, error: undefined, count: found(options.query).length });
      const wanted = found(options.query).slice(first, end + 1);
      expect(Array.from({ length: wanted.length }, (_, i) => rowAt(first + i))).toEqual(wanted);
    });
    unmount();
  },
);
