import { and, asc, count, desc, eq, gte, like, lt, type SQL, sql, sum } from "drizzle-orm";
import type { Filter, Query } from "../state/query";
import { database } from "./client";
import { type NewOrder, type Order, orders } from "./schema";

/** What the cards and the charts show. Amounts are in cents. */
export interface Summary {
  readonly count: number;
  readonly amount: number;
  readonly days: readonly { readonly day: string; readonly amount: number }[];
  readonly categories: readonly { readonly category: string; readonly count: number; readonly amount: number }[];
}

/** The chart has room for so many days. */
const MOST_DAYS = 60;

const day = sql<string>`substr(${orders.at}, 1, 10)`;
const amount = sum(orders.amount).mapWith(Number);

function matching({ from, to, category, search }: Filter): SQL | undefined {
  return and(
    from === "" ? undefined : gte(orders.at, from),
    // `~` comes after every time of the day.
    to === "" ? undefined : lt(orders.at, `${to}~`),
    category === "all" ? undefined : eq(orders.category, category),
    search === "" ? undefined : like(orders.customer, `%${search.replace(/[%_]/g, "")}%`),
  );
}

export async function findOrders({ sort, descending, ...filter }: Query, from: number, limit: number): Promise<Order[]> {
  const db = await database();
  const direction = descending ? desc : asc;
  return db.select().from(orders).where(matching(filter)).orderBy(direction(orders[sort]), direction(orders.id)).limit(limit).offset(from);
}

export const countOrders = async (filter: Filter): Promise<number> => (await database()).$count(orders, matching(filter));

export async function summarize(filter: Filter): Promise<Summary> {
  const db = await database();
  const where = matching(filter);
  const days = await db.select({ day, amount }).from(orders).where(where).groupBy(day).orderBy(desc(day)).limit(MOST_DAYS);
  const categories = await db
    .select({ category: orders.category, count: count(), amount })
    .from(orders)
    .where(where)
    .groupBy(orders.category)
    .orderBy(desc(amount));
  const total = (of: "count" | "amount") => categories.reduce((all, category) => all + category[of], 0);
  return { count: total("count"), amount: total("amount"), days: days.reverse(), categories };
}

export async function insertOrder(order: NewOrder): Promise<void> {
  await (await database()).insert(orders).values(order);
}

/** @returns whether there was such an order */
export async function deleteOrder(id: number): Promise<boolean> {
  const deleted = await (await database()).delete(orders).where(eq(orders.id, id)).returning({ id: orders.id });
  return deleted.length > 0;
}

/** @returns whether there is such an order */
export async function updateOrder(id: number, order: Omit<NewOrder, "at">): Promise<boolean> {
  const changed = await (await database()).update(orders).set(order).where(eq(orders.id, id)).returning({ id: orders.id });
  return changed.length > 0;
}
