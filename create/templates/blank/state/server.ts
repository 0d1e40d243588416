import { createTwin, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { Counter } from "./counter";

export const twin = createTwin({
  stores: { counter: scope.shared(Counter) },
  storage: sqlite(process.env.TWIN_FILE ?? "data/twin.db"),
  // In production one proxy stands in front: see compose.yaml.
  proxies: process.env.NODE_ENV === "production" ? 1 : 0,
  build: process.env.GIT_SHA,
});
export type Twin = typeof twin;
