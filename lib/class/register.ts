import type { Global } from "./view-types.js";

/**
 * The app's own types, by module augmentation: who calls, which errors and effects there are.
 * @example
 * declare module "twinstate" {
 *   interface Register { context: typeof context; errors: { SOLD_OUT: { left: number } }; effects: { confetti(n: number): void } }
 * }
 */
export interface Register {}
/** The context that `defineContext` makes of a request. */
export type AppContext = Register extends { context: (...args: any) => infer C } ? Awaited<C> : {};
/** The part of the context that the visitor's browser gets, too: the `visitor` that `defineContext` returns. */
export type AppVisitor = VisitorOf<AppContext>;
type VisitorOf<C> = C extends unknown ? ("visitor" extends keyof C ? C["visitor"] : undefined) : never;
/** The codes of the app's own errors, with their data. */
export type AppErrors = Register extends { errors: infer E } ? E : { [code: string]: any };
/** The app's own effects. */
export type AppEffects = Register extends { effects: infer E } ? E : {};

/** A compile error that says what is wrong. */
export interface Problem<Message extends string> {
  readonly "~problem": Message;
}

/** The parts of a request that are known before it is processed. */
export interface ContextRequest {
  readonly headers: Global<"Headers">;
  /**
   * The id of the visitor's session, signed by the server. It identifies the caller if nobody signs in. `undefined` if server code asks for a request without
   * a session.
   */
  readonly session: string | undefined;
}

/**
 * Defines the context, which describes the caller. It is made from each request, and passed to events, guards and `allow`. Register its type with
 * {@link Register}.
 *
 * The context stays on the server, except `visitor`: a plain value of 4 kB at most, which is sent to the visitor's own browser. `useVisitor()` returns it, and
 * so does `current().visitor` in events, also in predicted ones.
 * @example
 * export const context = defineContext(async ({ headers }) => {
 *   const user = await userOf(headers);
 *   return { user, visitor: user && { id: user.id, name: user.name } };
 * });
 */
export function defineContext<C extends object>(make: (request: ContextRequest) => C | Promise<C>): (request: ContextRequest) => Promise<C> {
  return async (request) => make(request);
}
