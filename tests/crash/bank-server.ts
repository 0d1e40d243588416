// A bank that will be killed. Its accounts give to each other by message. Run by plain Node.
import { createTwin, scope } from "twinstate/server";
import { Account } from "./account.js";
import { takeOrders } from "./orders.js";
import { leaseTime, storage } from "./place.js";

const twin = createTwin({
  stores: { account: scope.room(Account, { allow: (): boolean => true }) },
  storage,
  leaseTime,
  session: { secret: "a secret for tests alone" },
  idle: 500,
  log: ({ level, error }) => level === "error" && console.error(error),
});
Account.at = twin.account;
await takeOrders(twin);
