import type { View } from "twinstate";
import { type By, For } from "twinstate/react";

interface Quote {
  id: string;
  price: number;
  tags: string[];
}
interface Named {
  name: string;
}
declare const quotes: readonly View<Quote>[];
declare const named: readonly View<Named>[];
declare const titles: ReadonlySet<string> | undefined;
const byName: By<Named> = "name";

export function List() {
  return (
    <>
      <For each={quotes}>{(quote, index) => quote.price.toFixed(index)}</For>
      <For each={quotes} by="price" fallback={<p>none</p>}>
        {({ tags }) => <i>{tags.map((tag) => tag.length)}</i>}
      </For>
      <For each={named} by={byName}>
        {({ name }) => name}
      </For>
      <For each={named} by={({ name }) => `${name}!`}>
        {({ name }) => name}
      </For>
      <For each={titles} by={(title) => title}>
        {(title) => title.toUpperCase()}
      </For>
      {/* @ts-expect-error what has no `id` needs `by` */}
      <For each={named}>{({ name }) => name}</For>
      {/* @ts-expect-error no field of it */}
      <For each={quotes} by="name">
        {({ id }) => id}
      </For>
      <For each={quotes}>
        {(quote) => {
          // @ts-expect-error a view is read-only
          quote.price = 1;
          return null;
        }}
      </For>
    </>
  );
}
