import { own } from "../graph/node.js";
import type { ClassViews } from "./class-views.js";
import type { AnyClass } from "./schema.js";

/** Classes that this side has, by the names under which the server knows them. */
export type Classes = Readonly<Record<string, AnyClass | undefined>>;

// One for all copies of this module.
const VIEWS = Symbol.for("twinstate.views");
const shared = globalThis as unknown as { [VIEWS]?: (Class: AnyClass, name: string) => ClassViews };

/** Decorators register what views do with classes, so that a page without classes does not load it. */
export function registerClassViews(views: NonNullable<(typeof shared)[typeof VIEWS]>): void {
  shared[VIEWS] ??= views;
}

/** How views use a class, if this side has it. */
export function classViewsOf(classes: Classes | undefined, name: string): ClassViews | undefined {
  const Class = classes && (own(classes, name) as AnyClass | undefined);
  return Class && shared[VIEWS]?.(Class, name);
}
