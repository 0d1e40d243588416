import { defineContext } from "twinstate";
import { personOf } from "./person";

/** Who calls. Nobody has to sign in: visitors are told apart by their session. */
export const context = defineContext(({ headers, session }) => ({
  device: /Mobi|Android/.test(headers.get("user-agent") ?? "") ? ("phone" as const) : ("computer" as const),
  visitor: personOf(session ?? ""),
}));

declare module "twinstate" {
  interface Register {
    context: typeof context;
  }
}
