import { createTwin, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { Orders } from "./orders";
import { View } from "./view";

export const twin = createTwin({
  // A bare class: one store for each visitor. `orders` is one for everybody.
  stores: { orders: scope.shared(Orders), view: View },
  storage: sqlite(process.env.TWIN_FILE ?? "data/twin.db"),
  // In production one proxy stands in front: see compose.yaml.
  proxies: process.env.NODE_ENV === "production" ? 1 : 0,
  build: process.env.GIT_SHA,
});
export type Twin = typeof twin;
