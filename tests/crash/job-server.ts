// A server with durable jobs that will be killed. Run by plain Node.
import { createTwin, scope } from "twinstate/server";
import { Jobs } from "./jobs.js";
import { takeOrders } from "./orders.js";
import { leaseTime, storage } from "./place.js";

const twin = createTwin({
  stores: { jobs: scope.room(Jobs, { allow: (): boolean => true }) },
  storage,
  leaseTime,
  session: { secret: "a secret for tests alone" },
  idle: 500,
  log: ({ level, error }) => level === "error" && console.error(error),
});
await takeOrders(twin);
