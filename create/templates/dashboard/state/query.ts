/** What the browser and the server know of orders. */
export const CATEGORIES = ["Books", "Games", "Garden", "Music", "Tools"] as const;
export type Category = (typeof CATEGORIES)[number];

export const COLUMNS = ["at", "customer", "category", "amount"] as const;
export type Column = (typeof COLUMNS)[number];

/** Which orders. The days `from` and `to` are included, as in 2026-01-31; an empty text means all. */
export interface Filter {
  from: string;
  to: string;
  category: Category | "all";
  search: string;
}

/** Which orders, and in which order. */
export interface Query extends Filter {
  sort: Column;
  descending: boolean;
}
