import { defineContext } from "twinstate";

export const context = defineContext(async () => {
  const user = null as { id: string; name: string } | null;
  return { user, visitor: user };
});

declare module "twinstate" {
  interface Register {
    context: typeof context;
  }
}
