import { cloneElement, createElement, Fragment, isValidElement, type Key, type ReactElement, type ReactNode, useState } from "react";
import { noKey } from "../lib/errors/errors.js";

// --- types ---

interface Common<T> {
  /** The items. Views of a store's lists keep the identity of each item that has not changed. */
  each: readonly T[] | ReadonlySet<T> | null | undefined;
  /** Shown when there are no items. */
  fallback?: ReactNode;
  /**
   * Renders one item. It is called for items that are new or have changed. If it has a second parameter, it is also called for items that have moved; a new
   * function is called for all items.
   */
  children(item: T, index: number): ReactNode;
}

/** What identifies an item: the name of a field, or a function. */
export type By<T> = (keyof T & string) | ((item: T) => Key);

/** `by` may be left out where items have an `id`. */
export type ForProps<T> = Common<T> & ([T] extends [{ readonly id: Key }] ? { by?: By<T> } : { by: By<T> });

// --- the component ---

/**
 * A list that renders only changed items again. An item whose view is the same keeps its element, so React skips it, whether or not its component is
 * `memo`, and with or without the React Compiler.
 * @example <For each={todo.items}>{(item) => <Row item={item} />}</For>
 */
export function For<T>({ each, by, fallback, children }: ForProps<T>): ReactNode {
  const [list] = useState(() => new List<T>());
  const items = each instanceof Set ? [...each] : ((each ?? []) as readonly T[]);
  return items.length > 0 ? list.show(items, children, by ?? ("id" as By<T>)) : fallback;
}

/**
 * The cached elements of a list. They are cached by item, so they are right for every render: React may throw a render away, and render an older state
 * after it.
 */
class List<T> {
  #items: readonly T[] = [];
  /** The results of `children`, in order. */
  #nodes: readonly ReactNode[] = [];
  /** The elements of {@link #nodes}, with keys. */
  #elements: readonly ReactElement[] = [];
  #render: Common<T>["children"] | undefined;
  #by: By<T> | undefined;
  #shown: ReactElement | undefined;

  show(items: readonly T[], render: Common<T>["children"], by: By<T>): ReactElement | undefined {
    const sameRender = render === this.#render && by === this.#by;
    if (sameRender && items === this.#items) return this.#shown;
    const place = placesIn(this.#items, items);
    const nodes: ReactNode[] = [];
    const elements = items.map((item, index) => {
      const at = place(item, index);
      const last = at === undefined ? undefined : this.#elements[at];
      if (last && sameRender && (at === index || render.length < 2)) {
        nodes.push(this.#nodes[at as number]);
        return last;
      }
      const node = render(item, index);
      nodes.push(node);
      return last && alike(this.#nodes[at as number], node) ? last : keyed(node, item, by);
    });
    // React skips an identical element with all that is below it.
    const same = elements.length === this.#elements.length && elements.every((element, i) => element === this.#elements[i]);
    if (!same) this.#shown = createElement(Fragment, null, elements);
    this.#items = items;
    this.#nodes = nodes;
    this.#elements = same ? this.#elements : elements;
    this.#render = render;
    this.#by = by;
    return this.#shown;
  }
}

/** Finds the index in `before` of an item of `now`. Most items have the same index, or have shifted by the difference in length. */
function placesIn<T>(before: readonly T[], now: readonly T[]): (item: T, index: number) => number | undefined {
  const shift = before.length - now.length;
  let others: Map<T, number> | undefined;
  return (item, index) => {
    if (before[index] === item) return index;
    if (before[index + shift] === item) return index + shift;
    if (!others) {
      others = new Map();
      for (const [at, old] of before.entries()) if (now[at] !== old && now[at - shift] !== old) others.set(old, at);
    }
    return others.get(item);
  };
}

function keyed<T>(node: ReactNode, item: T, by: By<T>): ReactElement {
  if (isValidElement(node) && node.key !== null) return node;
  const key = typeof by === "function" ? by(item) : ((item as { readonly [name: string]: unknown } | null | undefined)?.[by] as Key | undefined);
  if (key === undefined || key === null) throw noKey(String(by));
  return isValidElement(node) ? cloneElement(node, { key }) : createElement(Fragment, { key }, node);
}

/** Whether two nodes render the same. */
function alike(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((part, i) => alike(part, b[i]));
  if (!isValidElement<Props>(a) || !isValidElement<Props>(b) || a.type !== b.type || a.key !== b.key) return false;
  let more = 0;
  for (const name in a.props) {
    if (!Object.hasOwn(b.props, name) || !alike(a.props[name], b.props[name])) return false;
    more++;
  }
  for (const _ in b.props) more--;
  return more === 0;
}

type Props = Readonly<Record<string, unknown>>;
