import { DatabaseSync } from "node:sqlite";

export interface Product {
  id: number;
  name: string;
  shelf: string;
  price: number;
}

/** A part of the products, in an order. */
export interface Part {
  from: number;
  to: number;
  by: (typeof COLUMNS)[number];
  descending: boolean;
  filter: string;
}

export const COLUMNS = ["name", "shelf", "price"] as const;
const COUNT = 100_000;

let made: DatabaseSync | undefined;

/** The products, made at their first use, in memory: they begin anew with each start of the server. */
function database(): DatabaseSync {
  made ??= make();
  return made;
}

function make(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  database.exec(`
    create table products (id integer primary key, name text not null, shelf text not null, price real not null);
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ${COUNT})
    insert into products select i, printf('Product %06d', i), printf('%c-%03d', 65 + i % 26, i * 7919 % 1000), (i * 104729 % 100000 + 100) / 100.0 from n;
    ${COLUMNS.map((column) => `create index by_${column} on products (${column}, id);`).join("\n")}
  `);
  return database;
}

/** The products of a part, and how many pass its filter. */
export function productsIn({ from, to, by, descending, filter }: Part): { rows: Product[]; count: number } {
  // Wildcards of the filter stand for themselves.
  const pattern = `%${filter.replace(/[\\%_]/g, "\\$&")}%`;
  const where = filter === "" ? "" : "where name like :pattern escape '\\' or shelf like :pattern escape '\\'";
  const given: Record<string, string> = filter === "" ? {} : { pattern };
  const direction = descending ? "desc" : "asc";
  const rows = database()
    .prepare(`select * from products ${where} order by ${by} ${direction}, id ${direction} limit :limit offset :from`)
    .all({ ...given, limit: to - from, from });
  const counted = database().prepare(`select count(*) as count from products ${where}`).get(given);
  return { rows: rows.map((row) => ({ ...row }) as unknown as Product), count: Number(counted?.count) };
}

/** Sets a price, and says whether there is such a product. */
export function setPriceOf(id: number, price: number): boolean {
  return database().prepare("update products set price = ? where id = ?").run(price, id).changes > 0;
}
