import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { KeepPlace } from "../wire/kept-text.js";
import type { Problem } from "./register.js";

// The types of `@state({ keep })`. One set for both kinds of decorators; the legacy overload last, as TypeScript explains only the last one.

export interface KeptOptions {
  /**
   * Where the browser keeps the field. It brings the value with each page, before `onLoad` and before the first event, and the server takes it as input. A
   * cookie is also there when the page is rendered. In stores of session scope: `"cookie"` and `"localStorage"`; of `scope.tab`: `"localStorage"` and
   * `"sessionStorage"`.
   * @example @state({ keep: "cookie", input: z.enum(["light", "dark"]) }) theme: "light" | "dark" = "light";
   */
  keep: KeepPlace;
  private?: never;
  persist?: never;
  visibleTo?: never;
}

type Key = string | symbol;
type Public<T, K> = K extends keyof T ? unknown : Problem<"this member is private or protected: a browser keeps what it sees">;
/** Without a schema, a value is checked by the type of the field's default. A narrower type needs a schema. */
type Primitive<V> = string extends V
  ? Only<V, string>
  : number extends V
    ? Only<V, number>
    : boolean extends V
      ? Only<V, boolean>
      : Problem<"nothing checks what a browser brings: give a schema, @state({ keep, input: z.enum([…]) })">;
type Only<V, T> = [V] extends [T] ? unknown : Problem<"nothing checks what a browser brings: give a schema, @state({ keep, input })">;
type Fits<V, S extends StandardSchemaV1> = StandardSchemaV1.InferOutput<S> extends V ? unknown : Problem<"the schema's output is not the field's type">;

export interface KeptStateDecorator {
  <T, V, K extends Key>(value: undefined, context: ClassFieldDecoratorContext<T, V> & { readonly name: K } & Public<T, K> & Primitive<V>): void;
  <T, V, K extends Key>(
    value: ClassAccessorDecoratorTarget<T, V>,
    context: ClassAccessorDecoratorContext<T, V> & { readonly name: K } & Public<T, K> & Primitive<V>,
  ): void;
  <T extends object, K extends Key>(target: T, key: K & Public<T, K> & (K extends keyof T ? Primitive<T[K]> : unknown), desc?: undefined): void;
}
export interface CheckedKeptStateDecorator<S extends StandardSchemaV1> {
  <T, V, K extends Key>(value: undefined, context: ClassFieldDecoratorContext<T, V> & { readonly name: K } & Public<T, K> & Fits<V, S>): void;
  <T, V, K extends Key>(
    value: ClassAccessorDecoratorTarget<T, V>,
    context: ClassAccessorDecoratorContext<T, V> & { readonly name: K } & Public<T, K> & Fits<V, S>,
  ): void;
  <T extends object, K extends Key>(target: T, key: K & Public<T, K> & (K extends keyof T ? Fits<T[K], S> : unknown), desc?: undefined): void;
}
