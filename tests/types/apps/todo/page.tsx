import { type ReactNode, useActionState, useTransition } from "react";
import type { EventError, FormState, View } from "twinstate";
import { useEvent, useField } from "twinstate/react";
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
// As Radix declares them.
function Choice(_: { value?: string; onValueChange?(value: string): void; name?: string }) {
  return null;
}
function Check(_: { checked?: boolean | "indeterminate"; onCheckedChange?(checked: boolean | "indeterminate"): void; name?: string }) {
  return null;
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

  const draft = useField(todo, "draft");
  const draft2 = useField(todo.draft, todo.setDraft);
  const draft3 = useField(todo, "draft", (text) => todo.setDraft(text.trim()));
  // @ts-expect-error items has no setter event: it needs one
  useField(todo, "items");
  // @ts-expect-error no such field
  useField(todo, "nothing");
  // @ts-expect-error an event of other values
  useField(todo.draft, todo.mark);
  const chosen = useField(useSettings(), "theme");
  is<Equal<typeof chosen.value, "light" | "dark">>();
  is<Equal<typeof draft.error, EventError | undefined>>();
  const done = useField(first?.done ?? false, (next) => todo.mark("x", next));
  is<Equal<typeof done.checked, boolean>>();
  const amount = useField(todo.left, async (_: number) => {});
  is<Equal<typeof amount.value, string | number>>();

  const [run, importing] = useEvent(todo.importFrom);
  is<Equal<typeof importing.last, number | undefined>>();
  is<Equal<Parameters<typeof run>, [url: string]>>();
  const [add, { pending, error, value, progress, last, cancel }] = useEvent(todo.add);
  is<Equal<typeof value, string | undefined>>();
  is<Equal<typeof last, undefined>>();
  is<Equal<typeof error, EventError | undefined>>();
  void [pending, progress, cancel];
  const [mine] = useEvent((title: string) => todo.add(title), { throwOnError: true });
  // @ts-expect-error wrong type
  void mine(1);
  // @ts-expect-error not an event
  useEvent(todo.draft);
  const [, start] = useTransition();

  const [state, action] = useActionState(todo.add.form, undefined);
  is<Equal<typeof state, FormState<string> | undefined>>();
  const wrong: readonly string[] | undefined = state?.errors.title;
  // @ts-expect-error not the first parameter's type
  todo.toggle.form.bind(null, 1);
  // @ts-expect-error more than there are
  todo.toggle.form.bind(null, "a", "b");

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
      <form action={todo.add.form} />
      <form action={todo.toggle.form.bind(null, "x")} />
      <form action={action}>{wrong}</form>
      <button type="submit" formAction={todo.clear.form} />
      <input {...draft} aria-invalid={draft2.error !== undefined} />
      <textarea {...draft3} />
      <select {...chosen} />
      <input type="checkbox" {...done} />
      <input type="number" {...amount} />
      <Choice {...chosen.radix} />
      <Check {...done.radix} />
      <button
        type="button"
        onClick={() =>
          start(async () => {
            await add("x");
          })
        }
      />
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
