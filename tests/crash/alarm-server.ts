// A server with schedules that will be killed. Run by plain Node.
import { createTwin, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { Alarms } from "./alarms.js";
import { type Bug, withBug } from "./bugs.js";
import { takeOrders } from "./orders.js";

const twin = createTwin({
  stores: { alarms: scope.room(Alarms, { allow: (): boolean => true }) },
  storage: withBug(sqlite(process.env.FILE as string), process.env.BUG as Bug | undefined),
  session: { secret: "a secret for tests alone" },
  idle: 500,
  log: ({ level, error }) => level === "error" && console.error(error),
});
await takeOrders(twin);
