/** Workload T: a table of rows, and what is done to it. */
export interface Row {
  id: number;
  title: string;
  done: boolean;
  tags: string[];
  meta: { a: number; b: string };
}

export interface State {
  rows: Row[];
}

/** One op is one commit and one delta. */
export type Op =
  | { readonly kind: "toggle"; readonly at: number }
  | { readonly kind: "push"; readonly row: Row }
  | { readonly kind: "remove"; readonly at: number }
  | { readonly kind: "insert"; readonly at: number; readonly row: Row }
  | { readonly kind: "meta"; readonly at: readonly number[]; readonly values: readonly number[] }
  | { readonly kind: "swap"; readonly a: number; readonly b: number }
  | { readonly kind: "move"; readonly from: number; readonly to: number }
  | { readonly kind: "filter" };

export const kinds = ["toggle", "push", "remove", "insert", "meta", "swap", "move", "filter"] as const satisfies readonly Op["kind"][];

/** How many rows `meta` changes. */
export const META = 1000;

/** Spreads whole numbers evenly over 0 ≤ x < 2³¹: the same on every machine. */
function hash(n: number): number {
  let h = Math.imul(n + 1, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 1;
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz      ";
const TAGS = ["red", "green", "blue", "home", "work", "later", "soon", "today", "draft", "money", "family", "urgent"];

function text(seed: number, length: number): string {
  // Joined, as `+=` would leave a rope, which takes more memory than any text from outside.
  return Array.from({ length }, (_, i) => LETTERS[hash(seed * 64 + i) % LETTERS.length]).join("");
}

export function makeRow(id: number): Row {
  return {
    id,
    title: text(id, 20),
    done: hash(id) % 3 === 0,
    tags: [0, 1, 2].map((n) => TAGS[hash(id * 3 + n) % TAGS.length] as string),
    meta: { a: hash(id + 7) % 10_000, b: text(id + 1e6, 4) },
  };
}

export const makeRows = (n: number): Row[] => Array.from({ length: n }, (_, id) => makeRow(id));

/** Of an assigned filtered copy: nine rows in ten, by chance. */
export const keeps = (row: { readonly id: number }): boolean => hash(row.id + 99) % 10 !== 0;

/** `count` ops of one kind, for a table that has `length` rows before the first. */
export function makeOps(kind: Op["kind"], count: number, length: number, seed: number): Op[] {
  return Array.from({ length: count }, (_, n): Op => {
    const chance = hash(seed * 1000 + n);
    switch (kind) {
      case "toggle":
        return { kind, at: chance % length };
      case "push":
        return { kind, row: makeRow(length + n) };
      case "remove":
        return { kind, at: (length - n) >> 1 };
      case "insert":
        return { kind, at: (length + n) >> 1, row: makeRow(length + n) };
      case "meta": {
        const many = Math.min(META, length);
        const step = Math.floor(length / many);
        const at = Array.from({ length: many }, (_, i) => i * step + (chance % step));
        return { kind, at, values: at.map((i) => hash(chance + i) % 10_000) };
      }
      case "swap":
        return { kind, a: chance % length, b: (chance + 1 + (hash(chance) % (length - 1))) % length };
      case "move":
        return { kind, from: chance % length, to: (chance + 1 + (hash(chance) % (length - 1))) % length };
      case "filter":
        return { kind };
      default:
        return kind satisfies never;
    }
  });
}

/** An op on anything that behaves as plain objects and arrays do. */
export function edit(state: State, op: Op): void {
  const { rows } = state;
  switch (op.kind) {
    case "toggle": {
      const row = rows[op.at] as Row;
      row.done = !row.done;
      break;
    }
    case "push":
      rows.push(op.row);
      break;
    case "remove":
      rows.splice(op.at, 1);
      break;
    case "insert":
      rows.splice(op.at, 0, op.row);
      break;
    case "meta":
      for (let i = 0; i < op.at.length; i++) (rows[op.at[i] as number] as Row).meta.a = op.values[i] as number;
      break;
    case "swap": {
      const a = rows[op.a] as Row;
      rows[op.a] = rows[op.b] as Row;
      rows[op.b] = a;
      break;
    }
    case "move":
      rows.splice(op.to, 0, ...rows.splice(op.from, 1));
      break;
    case "filter":
      state.rows = rows.filter(keeps);
      break;
    default:
      op satisfies never;
  }
}

/** A copy as plain data, with the names in one order: what is compared after each round. */
export const plainRow = (row: Row): Row => ({
  id: row.id,
  title: row.title,
  done: row.done,
  tags: Array.from(row.tags),
  meta: { a: row.meta.a, b: row.meta.b },
});

/** What travels: text as JSON, bytes, or for the floor the op itself, which does not travel. */
export type Wire = string | Uint8Array | Op | readonly Row[];

/** One library, used as its documentation recommends. */
export interface Peer<Source, Mirror> {
  /** A store with these rows, ready to be synced. */
  build(rows: Row[]): Source;
  /** All of it, to make a mirror of. */
  snapshot(source: Source): Wire;
  mirror(snapshot: Wire): Mirror;
  /** Does one op and gives what must travel for it. */
  change(source: Source, op: Op): Wire;
  apply(mirror: Mirror, delta: Wire): void;
  rows(side: Source | Mirror): Iterable<Row>;
  /** Another form of what travels, where there is one: what its values are, how they are written, and read. */
  binary?: { values(wire: Wire): unknown; write(values: unknown): Uint8Array; read(bytes: Uint8Array): unknown };
  /** One reaction for each row, which reads all of it, and one for the list. Returns their end. Absent without MobX. */
  observe?(side: Source | Mirror): () => void;
}
