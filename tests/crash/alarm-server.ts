// A server with schedules that will be killed. Run by plain Node.
import { createTwin, scope } from "twinstate/server";
import { Alarms } from "./alarms.js";
import { takeOrders } from "./orders.js";
import { leaseTime, storage } from "./place.js";

const twin = createTwin({
  stores: { alarms: scope.room(Alarms, { allow: (): boolean => true }) },
  storage,
  leaseTime,
  session: { secret: "a secret for tests alone" },
  idle: 500,
  log: ({ level, error }) => level === "error" && console.error(error),
});
await takeOrders(twin);
