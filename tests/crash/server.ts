// A server that will be killed. Run by plain Node.
import { createTwin } from "twinstate/server";
import { stores } from "./log.js";
import { takeOrders } from "./orders.js";
import { leaseTime, storage } from "./place.js";

const twin = createTwin({
  stores,
  storage,
  leaseTime,
  session: { secret: "a secret for tests alone" },
  idle: 500,
  log: ({ level, error }) => level === "error" && console.error(error),
});
await takeOrders(twin);
