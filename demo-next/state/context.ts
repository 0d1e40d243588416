import { defineContext } from "twinstate";

/** Who calls. Nobody signs in here: visitors are told apart by their session. */
export const context = defineContext(({ headers }) => ({
  device: /Mobi|Android/.test(headers.get("user-agent") ?? "") ? ("phone" as const) : ("computer" as const),
}));

declare module "twinstate" {
  interface Register {
    context: typeof context;
  }
}
