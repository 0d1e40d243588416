import { defineContext } from "twinstate";
import { accountOf } from "./accounts";
import { nameIn } from "./name-cookie";
import { personOf } from "./person";

/**
 * The caller. Nobody has to sign in: a session identifies a guest, who appears under a made-up name, or one of their choice, and is another user with that.
 * Whoever signs in is the same user on all devices.
 */
export const context = defineContext(({ headers, session = "" }) => {
  const found = accountOf(session);
  const account = found && (found.admin ? ("admin" as const) : ("user" as const));
  const person = personOf(found ? `account ${found.id}` : session);
  const name = found?.name ?? nameIn(headers.get("cookie"));
  return {
    device: /Mobi|Android/.test(headers.get("user-agent") ?? "") ? ("phone" as const) : ("computer" as const),
    user: name === undefined ? undefined : { id: found?.id ?? `guest ${person.id}`, account },
    visitor: { ...person, name: name ?? person.name, guest: name === undefined, account },
  };
});

declare module "twinstate" {
  interface Register {
    context: typeof context;
  }
}
