import { event, type Interrupted, state } from "twinstate";
import { declare } from "./declare.js";

/** An account. It gives to others by message. */
export class Account {
  /** Gives another account, as server code addresses it. */
  static at: (key: string) => { take(amount: number, id: string): Promise<unknown>; give(to: string, amount: number, id: string): Promise<unknown> };

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
    await Account.at(to).take(amount, id);
    this.balance -= amount;
    this.sent.push(id);
    return id;
  }

  /** Gives by way of another account: a message whose event sends one. */
  async pass(by: string, to: string, amount: number, id: string): Promise<string> {
    await Account.at(by).give(to, amount, `${id}.`);
    await Account.at(by).take(amount, id);
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
