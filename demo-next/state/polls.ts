import { current, effect, event, state } from "twinstate";
import { z } from "zod";
import { newKey } from "./key";
import { byline, type Person } from "./person";
import { linesOf } from "./poll";

const MOST = 50;

const NewPoll = z.object({
  question: z.string().trim().min(5, "Ask a whole question.").max(200),
  options: z
    .string()
    .max(2000)
    .refine((text) => linesOf(text).length >= 2, "Give two answers at least, one on each line."),
});

/** The list of all polls, the newest first. */
export class Polls {
  @state list: { id: string; question: string; by: Person }[] = [];

  @event({ input: [NewPoll], guard: ({ visitor }) => !visitor.guest }) async create({ question, options }: z.infer<typeof NewPoll>) {
    const by = byline(current().visitor);
    const id = newKey();
    // The module is loaded here, as `server.ts` imports this class.
    const { twin } = await import("./server");
    await twin.poll(id).begin(question, linesOf(options), by);
    this.list = [{ id, question, by }, ...this.list].slice(0, MOST);
    effect.redirect(`/poll/${id}`);
  }
}
