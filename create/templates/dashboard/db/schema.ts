import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { CATEGORIES } from "../state/query";

/** The orders. `at` is an ISO time, `amount` is in cents. */
export const orders = sqliteTable(
  "orders",
  {
    id: integer().primaryKey(),
    at: text().notNull(),
    customer: text().notNull(),
    category: text({ enum: CATEGORIES }).notNull(),
    amount: integer().notNull(),
  },
  (table) => [index("orders_at").on(table.at)],
);

/** The same for SQLite. Put drizzle-kit in its place once the table changes. */
export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, customer TEXT NOT NULL, category TEXT NOT NULL, amount INTEGER NOT NULL
  );
  CREATE INDEX IF NOT EXISTS orders_at ON orders (at);
`;

export type Order = typeof orders.$inferSelect;
export type NewOrder = Omit<Order, "id">;
