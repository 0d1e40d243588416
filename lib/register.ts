import type { Global } from "./view-types.js";

/**
 * The app's own types, by module augmentation: who calls, which errors and effects there are.
 * @example
 * declare module "twinstate" {
 *   interface Register { context: typeof context; errors: { SOLD_OUT: { left: number } }; effects: { confetti(n: number): void } }
 * }
 */
export interface Register {}
/** What `defineContext` makes of a request. */
export type AppContext = Register extends { context: (...args: any) => infer C } ? Awaited<C> : {};
/** The codes of the app's own errors, with their data. */
export type AppErrors = Register extends { errors: infer E } ? E : { [code: string]: any };
/** The app's own effects. */
export type AppEffects = Register extends { effects: infer E } ? E : {};

/** A compile error that says what is wrong. */
export interface Problem<Message extends string> {
  readonly "~problem": Message;
}

/** What is known of a request before anything is asked of it. */
export interface ContextRequest {
  readonly headers: Global<"Headers">;
}

/**
 * Who calls: made from each request, given to events, guards, `allow` and `visibleTo`. Register its type with {@link Register}.
 * @example export const context = defineContext(async ({ headers }) => ({ user: await userOf(headers) }));
 */
export function defineContext<C extends object>(make: (request: ContextRequest) => C | Promise<C>): (request: ContextRequest) => Promise<C> {
  return async (request) => make(request);
}
