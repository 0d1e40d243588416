import { defineContext } from "twinstate";
import { nameIn } from "./name-cookie";
import { personOf } from "./person";

/** Who calls. Nobody has to sign in: visitors are told apart by their session, and appear to others under a name of ours. Who signs in takes a name of their own. */
export const context = defineContext(({ headers, session }) => {
  const person = personOf(session ?? "");
  const name = nameIn(headers.get("cookie"));
  return {
    device: /Mobi|Android/.test(headers.get("user-agent") ?? "") ? ("phone" as const) : ("computer" as const),
    user: name === undefined ? undefined : { id: person.id },
    visitor: { ...person, name: name ?? person.name, guest: name === undefined },
  };
});

declare module "twinstate" {
  interface Register {
    context: typeof context;
  }
}
