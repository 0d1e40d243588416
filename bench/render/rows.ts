/** Workload R: a table in a browser, and what a server does to it. */
export interface Row {
  readonly id: number;
  title: string;
  amount: number;
  done: boolean;
}

export const kinds = ["change", "swap", "remove", "append", "clear", "one"] as const;
export type Kind = (typeof kinds)[number];

/** How many rows a page has, and how many are appended. */
export const ROWS = 1000;
/** How many it has where one is changed. */
export const MANY = 10_000;

export const makeRows = (count: number, from = 0): Row[] =>
  Array.from({ length: count }, (_, i) => ({ id: from + i, title: `row ${from + i}`, amount: (from + i) * 7, done: i % 3 === 0 }));

/** What a server that was written by hand tells its pages: rows, and what to do with them. */
export type Message =
  | { readonly kind: "fill" | "append"; readonly rows: readonly Row[] }
  | { readonly kind: "change"; readonly titles: readonly { readonly id: number; readonly title: string }[] }
  | { readonly kind: "swap"; readonly a: number; readonly b: number }
  | { readonly kind: "remove"; readonly id: number }
  | { readonly kind: "clear" };

/** The next op of a kind, on these rows. */
export function next(kind: Kind, rows: readonly Row[]): Message {
  const change = (step: number, from: number): Message => ({
    kind: "change",
    titles: rows.flatMap(({ id, title }, i) => (i % step === from ? [{ id, title: `${title}!` }] : [])),
  });
  switch (kind) {
    case "change":
      return change(10, 0);
    case "one":
      return change(rows.length, rows.length >> 1);
    case "swap":
      return { kind, a: 1, b: rows.length - 2 };
    case "remove":
      return { kind, id: (rows[rows.length >> 1] as Row).id };
    case "append":
      return { kind, rows: makeRows(ROWS, rows.length + 1) };
    case "clear":
      return { kind };
    default:
      return kind satisfies never;
  }
}

/** Does it to a list that may be changed. */
export function edit(rows: Row[], message: Message): void {
  switch (message.kind) {
    case "fill":
      rows.splice(0, rows.length);
      for (const row of message.rows) rows.push({ ...row });
      return;
    case "append":
      rows.push(...message.rows.map((row) => ({ ...row })));
      return;
    case "change": {
      const titles = new Map(message.titles.map(({ id, title }) => [id, title]));
      for (const row of rows) {
        const title = titles.get(row.id);
        if (title !== undefined) row.title = title;
      }
      return;
    }
    case "swap": {
      const { a, b } = message;
      [rows[a], rows[b]] = [rows[b] as Row, rows[a] as Row];
      return;
    }
    case "remove": {
      const at = rows.findIndex(({ id }) => id === message.id);
      rows.splice(at, 1);
      return;
    }
    case "clear":
      rows.splice(0, rows.length);
      return;
    default:
      message satisfies never;
  }
}
