// A server that will be killed. Run by plain Node.
import { createTwin, memory, type Storage } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { type Bug, withBug } from "./bugs.js";
import { stores } from "./log.js";
import { takeOrders } from "./orders.js";

const { FILE: file, BUG: bug } = process.env;
const storage: Storage = file === undefined ? memory() : withBug(sqlite(file), bug as Bug | undefined);
const twin = createTwin({
  stores,
  storage,
  session: { secret: "a secret for tests alone" },
  idle: 500,
  log: ({ level, error }) => level === "error" && console.error(error),
});
await takeOrders(twin);
