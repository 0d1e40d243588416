import { defineContext } from "twinstate";

export interface User {
  id: string;
  name: string;
  admin: boolean;
}

declare function userOf(headers: Headers): Promise<User | null>;

export const context = defineContext(async ({ headers }) => {
  const user = await userOf(headers);
  return { user, visitor: user && { id: user.id, name: user.name } };
});

declare module "twinstate" {
  interface Register {
    context: typeof context;
    errors: { FULL: { most: number } };
    effects: { confetti(amount: number): void };
  }
}
