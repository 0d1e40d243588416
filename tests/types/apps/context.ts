import { defineContext } from "twinstate";
export interface Account {
  id: string;
  name: string;
  admin: boolean;
}
declare function userOf(headers: Headers): Promise<Account | null>;
export const context = defineContext(async ({ headers }) => {
  const user = await userOf(headers);
  return { user, visitor: user && { id: user.id, groups: [user.name] } };
});
export interface Errors {
  SOLD_OUT: { left: number };
  CLOSED: undefined;
}
export interface Effects {
  confetti(amount: number): void;
}
declare module "twinstate" {
  interface Register {
    context: typeof context;
    errors: Errors;
    effects: Effects;
  }
}
