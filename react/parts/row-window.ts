import { same } from "./same.js";
import { Source } from "./source.js";

/** What the server says of a part of a long list. */
export interface Rows<R> {
  readonly rows: readonly R[];
  /** How many rows there are in all, after the filter. */
  readonly count: number;
  /** The revision of the list that was read. Without it, it is the one that the page knew as it asked. */
  readonly revision?: Revision | undefined;
}

/** Anything that is another value after each change of the list: a number that grows, a time, a hash. */
export type Revision = string | number;

/** Asks the server for the rows from `from` to before `to`. An event of a store is one. */
export type AskRows<R, Q> = (from: number, to: number, query: Q) => PromiseLike<Rows<R>> & { cancel?(): void };

/** What `useWindow` takes. */
export interface WindowOptions<R, Q> {
  /** What is asked for: order, filter. Another one, by its content, begins at the first row again. */
  query: Q;
  /** The revision of the list, a field of its store: when it changes, the rows in view are asked for again. */
  revision?: Revision | undefined;
  /** The first rows, from the server's page: they are shown at once, and not asked for. They are those of the first query. */
  initial?: Rows<R> | undefined;
  /**
   * How many rows are asked for at once.
   * @default 50
   */
  size?: number | undefined;
  /**
   * How many pages of that size stay in memory, those in view included.
   * @default 6
   */
  keep?: number | undefined;
  /**
   * The least time between two asks while somebody scrolls, and how long a query must stand before it is asked for, in ms.
   * @default 100
   */
  pause?: number | undefined;
  /**
   * What tells rows apart. A row whose content is as before stays the same object, and `keyAt` names it.
   * @default (row) => row.id
   */
  by?: ((row: R) => unknown) | undefined;
}

/** A window on a long list. */
export interface WindowState<R> {
  /** How many rows there are in all; `undefined` until the first answer. */
  readonly count: number | undefined;
  /** Whether rows in view are asked for. */
  readonly pending: boolean;
  /** Whether the rows are still those of the query before. */
  readonly outdated: boolean;
  /** Why the last ask was refused. */
  readonly error: unknown;
  /** How many rows are in memory. */
  readonly held: number;
  /** The row at an index; `undefined` while it is asked for. */
  rowAt(index: number): R | undefined;
  /**
   * The React key of the row at an index: a row keeps its elements, and what somebody types there, while others come and go before it.
   * @example <tr key={table.keyAt(index)} {...table.row(index)}>
   */
  keyAt(index: number): string;
  /** Tells which rows are in view: from `first` to `last`, that one included. */
  show(first: number, last: number): void;
  /** Asks for what is missing again. */
  retry(): void;
}

interface Page<R> {
  readonly rows: readonly R[];
  /** The revision that the page knew as it asked, and the one of the answer: the answer may know of a change before the page does. */
  readonly asked: Revision | undefined;
  readonly revision: Revision | undefined;
  /** Some of its rows are missing: the page came with fewer. */
  readonly partial?: boolean;
}

/** The answers to one query. */
interface Found<R, Q> {
  readonly key: string;
  readonly query: Q;
  readonly pages: Map<number, Page<R>>;
  count: number | undefined;
}

/** The rows in view and around, of a list that the server has. */
export class RowWindow<R, Q> {
  #ask!: AskRows<R, Q>;
  #options: WindowOptions<R, Q>;
  readonly #size: number;
  /** The answers that are shown, and those to the query that is wanted: mostly the same. */
  #shown: Found<R, Q>;
  #wanted: Found<R, Q>;
  #first = 0;
  #last: number;
  /** What cancels the asks that have no answer, by page. */
  readonly #asks = new Map<number, () => void>();
  #error: unknown;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the last ask began. */
  #asked = Number.NEGATIVE_INFINITY;
  #mounted = false;
  readonly state: Source<WindowState<R>>;

  constructor(options: WindowOptions<R, Q>) {
    this.#options = options;
    this.#size = Math.max(1, options.size ?? 50);
    this.#last = this.#size - 1;
    this.#shown = this.#wanted = this.#begin(options);
    this.state = new Source(this.#current());
  }

  #begin({ query, initial, revision }: WindowOptions<R, Q>): Found<R, Q> {
    const found: Found<R, Q> = { key: JSON.stringify(query), query, pages: new Map(), count: initial?.count };
    const { rows = [], count = 0 } = initial ?? {};
    for (let from = 0; from < rows.length; from += this.#size) {
      const asked = initial?.revision === undefined ? revision : undefined;
      const partial = rows.length < Math.min(from + this.#size, count);
      found.pages.set(from / this.#size, { rows: rows.slice(from, from + this.#size), asked, revision: initial?.revision, partial });
    }
    return found;
  }

  /** Takes the arguments of a render. */
  use(ask: AskRows<R, Q>, options: WindowOptions<R, Q>): void {
    const { revision } = this.#options;
    this.#ask = ask;
    this.#options = options;
    const key = JSON.stringify(options.query);
    if (key !== this.#wanted.key) this.#change({ key, query: options.query, pages: new Map(), count: undefined });
    else if (options.revision !== revision) this.#plan();
  }

  mount(): () => void {
    this.#mounted = true;
    this.#plan();
    return () => {
      this.#mounted = false;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#cancel(() => true);
    };
  }

  /** Another query: the rows of the one before show until its first answer is here. */
  #change(wanted: Found<R, Q>): void {
    this.#cancel(() => true);
    this.#wanted = wanted.key === this.#shown.key ? this.#shown : wanted;
    [this.#first, this.#last] = [0, this.#last - this.#first];
    // A query that is typed stands for a while before it is asked for.
    this.#asked = Date.now();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#plan();
    this.#tell();
  }

  readonly show = (first: number, last: number): void => {
    if (first === this.#first && last === this.#last) return;
    [this.#first, this.#last] = [Math.max(0, first), Math.max(0, last)];
    this.#plan();
  };

  readonly retry = (): void => {
    this.#error = undefined;
    this.#plan();
    this.#tell();
  };

  /** Asks at once, or as soon as the pause since the last ask is over. */
  #plan(): void {
    if (!this.#mounted || this.#timer !== undefined) return;
    const rest = this.#asked + (this.#options.pause ?? 100) - Date.now();
    if (rest <= 0) this.#askAll();
    else {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#askAll();
      }, rest);
    }
  }

  /** Asks for what is missing, and cancels what nobody looks at any more. */
  #askAll(): void {
    const [first, last] = this.#inView();
    this.#cancel((page) => page < first || page > last);
    for (const page of this.#missing()) this.#askFor(page);
    this.#tell();
  }

  /** The pages in view that are not here, or not as the list is now, and not asked for. */
  #missing(): readonly number[] {
    const { revision } = this.#options;
    const [first, last] = this.#inView();
    const missing: number[] = [];
    for (let number = first; number <= last; number++) {
      const page = this.#wanted.pages.get(number);
      const fresh = page && !page.partial && (page.asked === revision || page.revision === revision);
      if (!fresh && !this.#asks.has(number)) missing.push(number);
    }
    return missing;
  }

  #inView(): readonly [first: number, last: number] {
    const most = Math.max(0, (this.#wanted.count ?? Number.POSITIVE_INFINITY) - 1);
    const page = (index: number) => Math.floor(Math.min(index, most) / this.#size);
    return [page(this.#first), page(this.#last)];
  }

  #askFor(number: number): void {
    this.#asked = Date.now();
    const found = this.#wanted;
    const { revision } = this.#options;
    const from = number * this.#size;
    const call = this.#ask(from, from + this.#size, found.query);
    const cancel = () => call.cancel?.();
    this.#asks.set(number, cancel);
    const over = () => this.#asks.get(number) === cancel && this.#asks.delete(number);
    call.then(
      (answer) => over() && this.#take(found, number, answer, revision),
      (error: unknown) => {
        if (!over()) return;
        this.#error = error;
        this.#tell();
      },
    );
  }

  #take(found: Found<R, Q>, number: number, { rows, count, revision }: Rows<R>, asked: Revision | undefined): void {
    found.pages.set(number, { rows: this.#reuse(rows), asked, revision });
    found.count = count;
    this.#shown = found;
    this.#error = undefined;
    this.#evict();
    this.#tell();
    if (this.#missing().length > 0) this.#plan();
  }

  #idOf(row: R): unknown {
    const { by } = this.#options;
    return by ? by(row) : (row as { id?: unknown }).id;
  }

  /** The objects of before, where the content is the same. */
  #reuse(rows: readonly R[]): readonly R[] {
    const by = (row: R) => this.#idOf(row);
    const before = new Map([...this.#shown.pages.values()].flatMap((page) => page.rows.map((row) => [by(row), row] as const)));
    return rows.map((row) => {
      const held = before.get(by(row));
      return held !== undefined && same(held, row) ? held : row;
    });
  }

  /** Forgets the pages that are farthest from the view. */
  #evict(): void {
    const { pages } = this.#shown;
    const [first, last] = this.#inView();
    const distance = (page: number) => Math.max(first - page, page - last, 0);
    const keep = Math.max(this.#options.keep ?? 6, last - first + 1);
    const far = [...pages.keys()].sort((a, b) => distance(a) - distance(b)).slice(keep);
    for (const page of far) pages.delete(page);
  }

  #cancel(which: (page: number) => boolean): void {
    for (const [page, cancel] of [...this.#asks]) {
      if (!which(page)) continue;
      this.#asks.delete(page);
      cancel();
    }
  }

  #tell(): void {
    this.state.set(this.#current());
  }

  #current(): WindowState<R> {
    const { pages, count } = this.#shown;
    const held = new Map(pages);
    let keys: ReadonlyMap<number, string> | undefined;
    let rows = 0;
    for (const page of held.values()) rows += page.rows.length;
    return {
      count,
      pending: this.#asks.size > 0,
      outdated: this.#shown !== this.#wanted,
      error: this.#error,
      held: rows,
      rowAt: (index) => held.get(Math.floor(index / this.#size))?.rows[index % this.#size],
      keyAt: (index) => (keys ??= this.#keysOf(held)).get(index) ?? `at ${index}`,
      show: this.show,
      retry: this.retry,
    };
  }

  /** The keys of the rows in memory. Of two pages one may be older, and have a row that is in the other by now: its first place has its key. */
  #keysOf(held: ReadonlyMap<number, Page<R>>): ReadonlyMap<number, string> {
    const places = new Map<unknown, number>();
    for (const [page, { rows }] of [...held].sort(([a], [b]) => a - b)) {
      for (const [i, row] of rows.entries()) {
        const id = this.#idOf(row);
        if (id !== undefined && !places.has(id)) places.set(id, page * this.#size + i);
      }
    }
    return new Map([...places].map(([id, index]) => [index, `row ${String(id)}`]));
  }
}
