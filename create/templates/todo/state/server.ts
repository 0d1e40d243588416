import { createTwin } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { Item, Todo } from "./todo";

export const twin = createTwin({
  // A bare class: one store for each visitor.
  stores: { todo: Todo },
  models: { Item },
  storage: sqlite(process.env.TWIN_FILE ?? "data/twin.db"),
  // In production one proxy stands in front: see compose.yaml.
  proxies: process.env.NODE_ENV === "production" ? 1 : 0,
  build: process.env.GIT_SHA,
});
export type Twin = typeof twin;
