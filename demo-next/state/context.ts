import { defineContext } from "twinstate";
import { nameIn } from "./name-cookie";
import { personOf } from "./person";

/** The caller. Nobody has to sign in: a session identifies a guest, who appears under a made-up name. Users who sign in choose their name. */
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
