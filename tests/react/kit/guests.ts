import { EventError, event, state } from "twinstate";
import { z } from "zod";

export const Guest = z.object({ name: z.string().min(2, "Too short"), age: z.coerce.number().min(18, "Too young"), diet: z.string().optional() });

/** Who is invited, by forms. */
export class Guests {
  @state list: { name: string; age: number }[] = [];
  @state notes: string[] = [];
  @event(Guest) invite({ name, age }: z.input<typeof Guest>) {
    if (name === "nobody") throw new EventError("FORBIDDEN", "Nobody is not invited.");
    this.list.push({ name, age: Number(age) });
    return this.list.length;
  }
  @event note(about: string, text: string) {
    if (text === "") throw new EventError("FORBIDDEN", "There is nothing to note.");
    this.notes.push(`${about}: ${text}`);
  }
  @event clear() {
    this.list = [];
  }
}
