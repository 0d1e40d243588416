import { computed, state } from "twinstate";

/** Mistakes with decorators, as a compiler makes calls of them. */
export const badDecorators = {
  /** `@computed async left() {}`: a method. */
  asyncGetter: () => {
    class Todo {
      async left() {}
    }
    const decorate = computed as unknown as (target: object, name: string, descriptor: unknown) => void;
    decorate(Todo.prototype, "left", Object.getOwnPropertyDescriptor(Todo.prototype, "left"));
  },
  /** `@state n = 0`, compiled by neither of the two options: as a bundler without them calls it. */
  standard: () => (state as unknown as (descriptor: object) => void)({ kind: "field", key: "n", placement: "own", descriptor: {} }),
};
