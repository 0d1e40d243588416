import { defineContext } from "twinstate";

export interface User {
  id: string;
  name: string;
  admin: boolean;
}

/** For the example: a header that a trusted proxy sets. A real app checks a signed cookie. */
function userOf(headers: Headers): User | null {
  const id = headers.get("x-user");
  return id ? { id, name: headers.get("x-user-name") ?? id, admin: id === "ann" } : null;
}

export const context = defineContext(({ headers }) => {
  const user = userOf(headers);
  return { user, visitor: user && { id: user.id, name: user.name } };
});
// ? may `visitor` be null, or should it be undefined? (the docs do `user && {…}`, so null; useVisitor() "is undefined until…" — null afterwards?)
// ? two apps of one TypeScript program: Register is global; the docs say nothing of two contexts (or of errors registered in two files)

declare module "twinstate" {
  interface Register {
    context: typeof context;
    errors: { SOLD_OUT: { left: number } };
    effects: { confetti(n: number): void };
  }
}
