import { computed, effect, event, state } from "twinstate";
import { z } from "zod";
import { findOrders } from "../db/orders";
import { csvOf } from "./csv";
import { type Category, COLUMNS, type Column, type Filter, type Query } from "./query";
import { AnyCategory, Day, Search } from "./schemas";

/** An export has so many rows at most: what an effect carries is limited. */
const MOST_ROWS = 5_000;

/** What one visitor looks at: filters and order, the same in all tabs and after a reload. */
export class View {
  @state from = "";
  @state to = "";
  @state category: Category | "all" = "all";
  @state search = "";
  @state sort: Column = "at";
  @state descending = true;

  @computed get filter(): Filter {
    const { from, to, category, search } = this;
    return { from, to, category, search };
  }

  @computed get query(): Query {
    return { ...this.filter, sort: this.sort, descending: this.descending };
  }

  @event(Day) setFrom(from: string) {
    this.from = from;
  }
  @event(Day) setTo(to: string) {
    this.to = to;
  }
  @event(AnyCategory) setCategory(category: Category | "all") {
    this.category = category;
  }
  @event(Search) setSearch(search: string) {
    this.search = search;
  }

  /** Sorts by a column: the other way round where it is the column already. */
  @event(z.enum(COLUMNS)) sortBy(sort: Column) {
    this.descending = this.sort === sort ? !this.descending : sort === "at" || sort === "amount";
    this.sort = sort;
  }

  @event clear() {
    Object.assign(this, { from: "", to: "", category: "all", search: "" });
  }

  @event async download() {
    const rows = await findOrders(this.query, 0, MOST_ROWS + 1);
    effect.download({ data: csvOf(rows.slice(0, MOST_ROWS)), type: "text/csv" }, "orders.csv");
    if (rows.length > MOST_ROWS) effect.toast(`The file has the first ${MOST_ROWS} orders. Choose fewer days for the rest.`, { kind: "warning" });
  }
}
