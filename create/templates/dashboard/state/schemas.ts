import { z } from "zod";
import { CATEGORIES, COLUMNS } from "./query";

export const Day = z.union([z.literal(""), z.iso.date("Choose a day.")]);
export const AnyCategory = z.enum(["all", ...CATEGORIES]);
export const Search = z.string().max(100);
export const FilterInput = z.object({ from: Day, to: Day, category: AnyCategory, search: Search });
export const QueryInput = FilterInput.extend({ sort: z.enum(COLUMNS), descending: z.boolean() });
export const Index = z.int().min(0);
export const OrderId = z.int();

/** What the form of an order sends. Without an `id` the order is new. */
export const OrderInput = z.object({
  id: z.coerce.number().int().optional(),
  customer: z.string().trim().min(1, "Say who ordered.").max(80, "A name may have 80 letters."),
  category: z.enum(CATEGORIES, "Choose a category."),
  amount: z.coerce.number("Say a number.").min(0.01, "At least 0.01.").max(1_000_000, "At most 1,000,000."),
});
