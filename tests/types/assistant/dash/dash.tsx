import { computed, event, type Internal, schedule, state, toPlain } from "twinstate";
import { connect } from "twinstate/client";
import { createHooks, For, useConnection } from "twinstate/react";
import { createTwin, scope } from "twinstate/server";

declare function forecast(total: number): Promise<{ next: number }>;

interface Quote {
  id: string;
  name: string;
  price: number;
  at: Date;
}

export class Stats {
  @state quotes: Quote[] = [];
  @state totals = new Map<string, number>();
  @state({ persist: false }) tick = 0;

  @computed get total() {
    return [...this.totals.values()].reduce((sum, one) => sum + one, 0);
  }
  @computed get outlook(): Promise<{ next: number }> {
    return forecast(this.total);
  }

  protected onLoad() {
    schedule.every("5m", this.prune, [], { id: "prune" });
  }
  @event({ internal: true }) put(this: Internal<this>, quote: Quote) {
    const index = this.quotes.findIndex((one) => one.id === quote.id);
    if (index < 0) this.quotes.push(quote);
    else this.quotes[index] = quote;
  }
  @event({ internal: true }) prune(this: Internal<this>) {
    this.quotes = this.quotes.slice(-1000);
  }
}

export const twin = createTwin({ stores: { stats: scope.shared(Stats) } });
const { useStats } = createHooks<typeof twin>();

export async function cron() {
  await twin.stats().put({ id: "1", name: "vase", price: 2, at: new Date() });
  const { total, quotes } = await twin.stats().$snapshot();
  return { total, first: quotes[0]?.at.getTime() };
}

function Row({ quote }: { quote: Readonly<Quote> }) {
  return (
    <tr>
      <td>{quote.name}</td>
      <td>{quote.price.toFixed(2)}</td>
      <td>{quote.at.toISOString()}</td>
    </tr>
  );
}

export function Dash() {
  const { quotes, totals, outlook, tick } = useStats();
  const total = useStats((stats) => stats.total);
  const { status, pending } = useConnection();
  return (
    <table data-status={status} data-tick={tick} data-pending={pending}>
      <caption>
        {total} of {totals.size}, next {outlook.pending ? "…" : outlook.value?.next} {outlook.error?.message}
      </caption>
      <tbody>
        <For each={quotes} by="id">
          {(quote) => <Row quote={quote} />}
        </For>
      </tbody>
    </table>
  );
}

export async function bot() {
  const client = connect<typeof twin>({ url: "https://app.example/api/twin" });
  const stats = await client.stats();
  const plain = toPlain(stats.quotes);
  await client.$close();
  // @ts-expect-error clients cannot call internal events
  stats.put({ id: "1", name: "", price: 1, at: new Date() });
  return plain.length;
}
