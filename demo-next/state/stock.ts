import { EventError, event, type Presence, presence, state } from "twinstate";
import { z } from "zod";
import { type Guest, guestOf } from "./guest";
import { COLUMNS, productsIn, setPriceOf } from "./stock-rows";

const Index = z.number().int().min(0).max(1_000_000);
const Query = z.object({ sort: z.object({ by: z.enum(COLUMNS), descending: z.boolean() }), filter: z.string().max(100) });
/** How many rows one answer may have. */
const MOST = 200;

/** 100,000 products for everybody. They stay on the server: browsers ask for those in view. */
export class Stock {
  /** Another one after each change of a product. */
  @state({ persist: false }) revision = 0;
  @presence({ of: guestOf }) guests!: Presence<Guest>;

  @event({ background: true, input: [Index, Index, Query] }) rows(from: number, to: number, { sort, filter }: z.infer<typeof Query>) {
    const { revision } = this;
    return { ...productsIn({ from, to: Math.min(to, from + MOST), ...sort, filter }), revision };
  }

  @event({ input: [z.number().int(), z.number("A price is a number.").min(0, "A price is not below 0.").max(1_000_000, "A price is a million at most.")] })
  setPrice(id: number, price: number) {
    if (!setPriceOf(id, price)) throw new EventError("NOT_FOUND", "There is no such product.");
    this.revision++;
  }
}
