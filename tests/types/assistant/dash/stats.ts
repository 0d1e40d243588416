import { type AppContext, computed, event, newId, reset, state } from "twinstate";
import { z } from "zod";

export interface Row {
  id: string;
  name: string;
  amount: number;
}

// One function, outside the class: members that share it are one question.
const isAdmin = ({ user }: AppContext) => user?.admin === true;

async function slowMean(amounts: readonly number[]): Promise<{ mean: number; of: number }> {
  await new Promise<void>((resolve) => setTimeout(resolve, 2000));
  return { mean: amounts.reduce((sum, one) => sum + one, 0) / Math.max(1, amounts.length), of: amounts.length };
}

export class Stats {
  @state rows: Row[] = [];
  @state limit = 1000;
  @state({ visibleTo: isAdmin }) revenue: number | undefined = 0;

  @computed({ visibleTo: isAdmin }) get total(): number | undefined {
    return this.rows.reduce((sum, row) => sum + row.amount, 0);
  }

  // All that it needs is read before the first `await`.
  @computed get slow(): Promise<{ mean: number; of: number }> {
    return slowMean(this.rows.map((row) => row.amount));
  }

  @event({
    input: [z.string().min(1), z.number().positive()],
    // A guard reads the store and the arguments.
    // ? are the arguments those after the schema (converted) or before it? Are they typed by the schemas, or have they to be annotated? EventOptions' members are not in the API reference; only `guard(current, store, ...args)`
    guard: ({ user }, stats: Stats, _name: string, amount: number) => user !== null && amount <= stats.limit,
  })
  sell(name: string, amount: number) {
    this.rows.push({ id: newId(), name, amount });
    this.revenue = (this.revenue ?? 0) + amount;
  }

  @event({ guard: isAdmin }) reset() {
    reset(this, "rows", "revenue"); // the function of "twinstate", not this method
  }
}
