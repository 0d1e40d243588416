import type { StandardSchemaV1 } from "@standard-schema/spec";
import { statePresence } from "../errors/presence-errors.js";
import { decorator, SCHEMA } from "./decorators.js";
import type { AppContext, Problem } from "./register.js";
import type { PresenceSchema } from "./schema.js";
import type { Presence } from "./view-types.js";

declare const process: { readonly env: { readonly NODE_ENV?: string } };

// --- types ---

/** The options of `@presence`: what the server says of a tab, and what a tab may show of itself. */
export interface PresenceOptions<T extends object, S extends StandardSchemaV1> {
  /**
   * What the server says of a tab, from the context of its connection: a plain object. It is asked when the tab comes, and again when it comes back with
   * another context. A tab for which it gives `null` or `undefined` is not listed.
   * @default an `id` alone
   * @example of: ({ user }) => ({ name: user.name })
   */
  of?: (context: AppContext) => T | null | undefined;
  /**
   * A Standard Schema of the object that a tab shows of itself, as a cursor. Each change of it is checked. What two components of a page show is one object,
   * so make properties optional that are not always there.
   * @default tabs show nothing of themselves
   */
  input?: S;
}

type Key = string | symbol;
type None = {};
type Fits<V, T, S> = [V] extends [Presence<infer P, infer I>]
  ? "id" extends keyof T | keyof P | keyof I
    ? Problem<"each person has an `id` already, of the tab: name this property otherwise">
    : [keyof P & keyof I] extends [never]
      ? [T] extends [P]
        ? S extends StandardSchemaV1
          ? [StandardSchemaV1.InferOutput<S>, I] extends [Partial<I>, StandardSchemaV1.InferInput<S>]
            ? unknown
            : Problem<"`input` does not check what Presence<…, I> says that tabs show of themselves">
          : [keyof I] extends [never]
            ? unknown
            : Problem<"tabs show something of themselves only if a schema checks it: @presence({ input })">
        : Problem<"`of` does not give what Presence<T, …> says of a person">
      : Problem<"`of` and `input` have a property in common: what the server says of a person, that person cannot say">
  : Problem<"a field with @presence is a list of people: declare it as `people!: Presence<T, I>`">;
type Shown<T, K> = K extends keyof T ? unknown : Problem<"a private or protected field is not sent: who is here is for those who see the store">;

/** What `@presence` may stand on: a public field of type `Presence`, with the types of `of` and `input`. */
export interface PresenceDecorator<T, S> {
  <C, V, K extends Key>(value: undefined, context: ClassFieldDecoratorContext<C, V> & { readonly name: K } & Shown<C, K> & Fits<V, T, S>): void;
  <C extends object, K extends Key>(target: C, key: K & Shown<C, K> & Fits<K extends keyof C ? C[K] : never, T, S>, desc?: undefined): void;
}
/** `@presence`, with or without options. */
export interface PresenceDecoratorFactory extends PresenceDecorator<None, undefined> {
  <T extends object, S extends StandardSchemaV1>(options: PresenceOptions<T, S> & { of: unknown; input: S }): PresenceDecorator<T, S>;
  <S extends StandardSchemaV1>(options: PresenceOptions<never, S> & { of?: never; input: S }): PresenceDecorator<None, S>;
  <T extends object>(options: PresenceOptions<T, never> & { input?: never }): PresenceDecorator<T, undefined>;
}

// --- the decorator: it only declares ---

/**
 * Makes a field the list of the people who are here: one for each tab that shows the store, in the order in which they came. The server keeps it: code reads
 * it, and never writes it. It is not stored, and a change of it costs no revision. Only stores that several tabs share can have it: rooms, `shared` and `user`
 * stores.
 * @example
 * const Cursor = z.object({ cursor: z.object({ x: z.number(), y: z.number() }).optional() });
 * @presence({ of: ({ user }) => ({ name: user.name }), input: Cursor }) people!: Presence<{ name: string }, z.infer<typeof Cursor>>;
 */
export const presence = decorator("presence", ["field"], { of: "function", input: SCHEMA }, (declared, name, options) => {
  if (process.env.NODE_ENV !== "production" && declared.fields[name]) throw statePresence(name);
  declared.fields[name] = { name, private: false, persist: false, presence: options as PresenceSchema };
}) as unknown as PresenceDecoratorFactory;
