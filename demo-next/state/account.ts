import { current, EventError, effect, event, newId } from "twinstate";
import { z } from "zod";
import { check, signIn, signOut } from "./accounts";

/** Why an attempt to sign in is refused. */
export const PROBLEMS = {
  wrong: "The name or the password is wrong.",
  often: "Too many attempts. Try again in a minute.",
};

const Credentials = z.object({
  name: z.string().trim().toLowerCase().min(1, "Enter your name.").max(40),
  password: z.string().min(1, "Enter your password.").max(200),
  next: z.string().max(200).default("/account"),
});

/** Signs the visitor's session in and out. It has no state: who has signed in stands in the accounts' own file. */
export class Account {
  @event({ input: [Credentials] }) async signIn({ name, password, next = "" }: z.input<typeof Credentials>): Promise<void> {
    const { session, connection, device } = current();
    const account = await check(name, password);
    if (typeof account === "string") {
      if (connection) throw new EventError("FORBIDDEN", PROBLEMS[account]);
      // A form without JavaScript: the page that has it says why.
      return effect.redirect(`/sign-in?problem=${account}&next=${encodeURIComponent(next)}`);
    }
    if (!session) throw new EventError("FORBIDDEN", "Only a browser can sign in.");
    signIn(session.id, account);
    // A new cookie: copies of the old one are worth nothing, and all tabs connect as the user.
    await session.rotate();
    // The module is loaded here, as `server.ts` imports this class.
    const { twin } = await import("./server");
    await twin.bulletin().record({ id: newId(), name: account.name, device, at: new Date() });
    try {
      effect.redirect(next);
    } catch {
      effect.redirect("/account"); // an address of another site
    }
  }

  @event async signOut(): Promise<void> {
    const { session } = current();
    if (!session) return;
    signOut(session.id);
    await session.rotate();
    effect.redirect("/sign-in");
  }
}
