"use client";
import { EventError, type View } from "twinstate";
import { ConnectionStatus, For, isPending, useEvent, useField } from "twinstate/react";
import { TwinProvider, useSettings, useTodo, useVisitor } from "./client";
import type { Item } from "./todo";

function Row({ item }: { item: View<Item> }) {
  return (
    <li aria-busy={isPending(item)}>
      <input type="checkbox" checked={item.done} onChange={() => item.toggle()} />
      <input {...useField(item, "title")} />
    </li>
  );
}

export function List() {
  const todo = useTodo();
  const [add, { pending, error }] = useEvent(todo.add);
  const left: number = useTodo((store) => store.left);
  async function importAll() {
    const call = todo.importFrom(["milk", "bread"]);
    for await (const n of call) {
      const seen: number = n;
      if (seen > 100) call.cancel();
    }
    const total: number = await call;
    return total;
  }
  async function addMilk() {
    const call = todo.add("milk");
    await call.local;
    const id: string = await call;
    return id;
  }
  return (
    <>
      <form action={todo.add.form}>
        <input name="title" />
      </form>
      <button type="button" disabled={pending} onClick={() => add("milk")}>
        {left} left
      </button>
      {EventError.is(error, "FULL") && <p>{error.data.most}</p>}
      <ul>
        <For each={todo.items}>{(item) => <Row item={item} />}</For>
      </ul>
      <button type="button" onClick={() => void importAll().then(addMilk)}>
        import
      </button>
    </>
  );
}

export function Header() {
  const visitor = useVisitor();
  const settings = useSettings();
  return (
    <select value={settings.language} onChange={({ target }) => settings.setLanguage(target.value as "en" | "de")}>
      <option>{visitor?.name}</option>
    </select>
  );
}

export function App() {
  return (
    <TwinProvider onError={(error) => console.error(error.code)} effects={{ confetti: (amount) => console.log(amount.toFixed()) }}>
      <ConnectionStatus />
      <Header />
      <List />
    </TwinProvider>
  );
}

export function Wrong() {
  const todo = useTodo();
  // @ts-expect-error an event takes what its method takes
  todo.add(1);
  // @ts-expect-error views are read-only
  todo.items = [];
  return null;
}
