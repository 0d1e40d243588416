"use client";
import { useSearchParams } from "next/navigation";
import type { View } from "twinstate";
import type { Item } from "../../state/todo";

export const FILTERS = ["all", "active", "completed"] as const;
export type Filter = (typeof FILTERS)[number];

/** The filter in the URL, `?show=active`: it survives a reload, can be linked to, and the server knows it. */
export function useFilter(): [filter: Filter, setFilter: (filter: Filter) => void] {
  const show = useSearchParams().get("show");
  const filter = FILTERS.find((known) => known === show) ?? "all";
  return [filter, (next) => window.history.pushState(null, "", next === "all" ? "/" : `/?show=${next}`)];
}

export const shows = (filter: Filter, { done }: View<Item>) => filter === "all" || (filter === "completed") === done;
