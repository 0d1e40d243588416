import { defineContext } from "twinstate";
import { userOf } from "./auth";

/** Who calls: `current().user` on the server, and `visitor`, which the browser knows too. */
export const context = defineContext(async ({ headers }) => {
  const user = await userOf(headers);
  return { user, visitor: user };
});

declare module "twinstate" {
  interface Register {
    context: typeof context;
  }
}
