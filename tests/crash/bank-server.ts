// A bank that will be killed. Its accounts give to each other by message. Run by plain Node.
import { createTwin, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { Account } from "./account.js";
import { type Bug, withBug } from "./bugs.js";
import { takeOrders } from "./orders.js";

const twin = createTwin({
  stores: { account: scope.room(Account, { allow: (): boolean => true }) },
  storage: withBug(sqlite(process.env.FILE as string), process.env.BUG as Bug | undefined),
  session: { secret: "a secret for tests alone" },
  idle: 500,
  log: ({ level, error }) => level === "error" && console.error(error),
});
Account.at = twin.account;
await takeOrders(twin);
