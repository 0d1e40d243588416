import type { ReactNode } from "react";
import type { View } from "twinstate";
import { type Equal, is } from "../equal";
import { TwinProvider, useSettings, useTodo } from "./client";
import { twin } from "./server";
import type { Item } from "./todo";
export async function Layout({ children }: { children: ReactNode }) {
  return <TwinProvider preload={await twin.preload({ todo: true })}>{children}</TwinProvider>;
}
function Row({ item }: { item: View<Item> }) {
  return <li>{item.title}</li>;
}
function Row2({ item }: { item: Item }) {
  return <li>{item.title}</li>;
}
export function Page() {
  const todo = useTodo();
  const left = useTodo((t) => t.left);
  is<Equal<typeof left, number>>();
  const first = useTodo((t) => t.items[0]);
  is<Equal<typeof first, View<Item> | undefined>>();
  is<Equal<typeof todo.items, readonly View<Item>[]>>();
  // @ts-expect-error no key
  useTodo("x");
  // @ts-expect-error read-only
  todo.items.push({ id: "", title: "", done: false, tags: [] });
  // @ts-expect-error read-only
  todo.items[0]!.done = true;
  // @ts-expect-error read-only, deep
  todo.items[0]!.tags.push("x");
  // @ts-expect-error read-only
  todo.draft = "x";
  // @ts-expect-error private
  todo.secret;
  // @ts-expect-error protected
  todo.hidden;
  // @ts-expect-error wrong type
  todo.add(1);
  const { theme } = useSettings();
  is<Equal<typeof theme, "light" | "dark">>();
  async function go() {
    const id = await todo.add("x");
    is<Equal<typeof id, string>>();
    const call = todo.importFrom("http://x");
    for await (const n of call) is<Equal<typeof n, number>>();
    const end = await call;
    const at: Date = end.at;
    const k: number = end.imported;
    void at;
    void k;
    // @ts-expect-error read-only
    end.imported = 2;
    for await (const s of todo.slowly()) is<Equal<typeof s, "a" | "b">>();
    const three = await todo.slowly();
    const n3: number = three;
    void n3;
    call.cancel();
    await todo.toggle("x").local;
  }
  return (
    <form action={(data) => todo.setDraft(String(data.get("title")))}>
      {/* @ts-expect-error React wants void: an action may not return a promise of a value */}
      <form action={(data) => todo.add(String(data.get("title")))} />
      {/* @ts-expect-error an event of strings is no form action */}
      <form action={todo.add} />
      <input value={todo.draft} onChange={(change) => void todo.setDraft(change.target.value)} />
      {todo.items.map((item) => (
        <Row key={item.id} item={item} />
      ))}
      {todo.items.map((item) => (
        // @ts-expect-error View<Item> has readonly tags: props must say View<Item>
        <Row2 key={item.id} item={item} />
      ))}
      <button type="button" onClick={() => void todo.importFrom("x")}>
        {left} {first?.title}
      </button>
      <button type="button" onClick={() => void todo.add("x")} onFocus={go} />
    </form>
  );
}
