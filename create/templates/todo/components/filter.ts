import type { View } from "twinstate";
import type { Item } from "@/state/todo";

export const FILTERS = ["all", "active", "done"] as const;
export type Filter = (typeof FILTERS)[number];

export const LABELS: Record<Filter, string> = { all: "All", active: "Active", done: "Done" };

export const EMPTY: Record<Filter, string> = {
  all: "Nothing to do. Write something above.",
  active: "Nothing left to do.",
  done: "Nothing done yet.",
};

export const shows = (filter: Filter, item: View<Item>) => filter === "all" || (filter === "done") === item.done;
