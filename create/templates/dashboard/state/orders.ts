import { EventError, event, type Internal, type Presence, presence, schedule, state } from "twinstate";
import type { z } from "zod";
import { countOrders, deleteOrder, findOrders, insertOrder, summarize, updateOrder } from "../db/orders";
import { sample } from "../db/samples";
import { FilterInput, Index, OrderId, OrderInput, QueryInput } from "./schemas";

/** Everybody's: says when rows have changed, and answers for those that a page shows. SQLite has the rows. */
export class Orders {
  /** Another one after each change of a row. Pages ask again when it changes. */
  @state revision = 0;
  @presence({ of: () => ({}) }) viewers!: Presence<object>;

  /** The rows from one index to before another: 200 at most. */
  @event({ background: true, input: [Index, Index, QueryInput] }) async rows(from: number, to: number, query: z.infer<typeof QueryInput>) {
    const { revision } = this;
    const [rows, count] = await Promise.all([findOrders(query, from, Math.min(to - from, 200)), countOrders(query)]);
    return { rows, count, revision };
  }

  /** A list of one: the numbers of the cards and the charts. */
  @event({ background: true, input: [Index, Index, FilterInput] }) async summary(_from: number, _to: number, filter: z.infer<typeof FilterInput>) {
    const { revision } = this;
    return { rows: [await summarize(filter)], count: 1, revision };
  }

  @event(OrderInput) async save({ id, amount, ...rest }: z.input<typeof OrderInput>) {
    const order = { ...rest, amount: Math.round(Number(amount) * 100) };
    if (id === undefined) await insertOrder({ ...order, at: new Date().toISOString() });
    else if (!(await updateOrder(Number(id), order))) throw new EventError("NOT_FOUND", "This order is gone.");
    this.revision++;
  }

  /** An order that is gone already is no error: another visitor was faster. */
  @event(OrderId) async remove(id: number) {
    if (await deleteOrder(id)) this.revision++;
  }

  /** Orders that nobody has made, one a second while somebody looks. Remove `generate` and `onConnect` for real ones. */
  @event({ internal: true }) async generate(this: Internal<Orders>) {
    if (this.viewers.length === 0) return void schedule.cancel("generate");
    await insertOrder(sample(new Date()));
    this.revision++;
  }

  protected onConnect() {
    schedule.every("1s", this.generate, [], { id: "generate" });
  }
}
