// A server with durable jobs that will be killed. Run by plain Node.
import { createTwin, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { type Bug, withBug } from "./bugs.js";
import { Jobs } from "./jobs.js";
import { takeOrders } from "./orders.js";

const twin = createTwin({
  stores: { jobs: scope.room(Jobs, { allow: (): boolean => true }) },
  storage: withBug(sqlite(process.env.FILE as string), process.env.BUG as Bug | undefined),
  session: { secret: "a secret for tests alone" },
  idle: 500,
  log: ({ level, error }) => level === "error" && console.error(error),
});
await takeOrders(twin);
