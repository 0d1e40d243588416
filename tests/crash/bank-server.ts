// A bank that will be killed. Its accounts give to each other by message. Run by plain Node.
import { event, type Interrupted, state } from "twinstate";
import { createTwin, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { type Bug, withBug } from "./bugs.js";
import { declare } from "./declare.js";
import { takeOrders } from "./orders.js";

class Account {
  balance = 0;
  /** The ids of what was given and got. */
  sent: string[] = [];
  got: string[] = [];
  /** The ids of what goes on, has ended, and was cut off. */
  open: string[] = [];
  ended: string[] = [];
  cut: string[] = [];

  take(amount: number, id: string) {
    this.balance += amount;
    this.got.push(id);
  }

  /** Gives to another account. */
  async give(to: string, amount: number, id: string): Promise<string> {
    await twin.account(to).take(amount, id);
    this.balance -= amount;
    this.sent.push(id);
    return id;
  }

  /** Gives by way of another account: a message whose event sends one. */
  async pass(by: string, to: string, amount: number, id: string): Promise<string> {
    await twin.account(by).give(to, amount, `${id}.`);
    await twin.account(by).take(amount, id);
    this.balance -= amount;
    this.sent.push(id);
    return id;
  }

  /** Takes several commits. */
  async *slowly(id: string) {
    this.open.push(id);
    for (let step = 0; step < 3; step++) {
      yield step;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    this.open = this.open.filter((other) => other !== id);
    this.ended.push(id);
    return id;
  }

  protected onInterrupted({ args }: Interrupted) {
    const [id] = args as [string];
    this.open = this.open.filter((other) => other !== id);
    this.cut.push(id);
  }
}
declare(state, Account, "balance", "sent", "got", "open", "ended", "cut");
declare(event, Account, "take", "give", "pass", "slowly");

const twin = createTwin({
  stores: { account: scope.room(Account, { allow: (): boolean => true }) },
  storage: withBug(sqlite(process.env.FILE as string), process.env.BUG as Bug | undefined),
  session: { secret: "a secret for tests alone" },
  idle: 500,
  log: ({ level, error }) => level === "error" && console.error(error),
});
await takeOrders(twin);
