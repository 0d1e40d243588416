"use client";
import { Suspense, useState } from "react";
import { EventError, type View } from "twinstate";
import { For, isPending, useEvent, useField } from "twinstate/react";
import { TwinProvider, useTodo } from "./client";
import type { Item } from "./todo";

// The provider belongs into the root layout; it is here to have one file.
export default function Page() {
  return (
    <TwinProvider>
      <Suspense fallback="Loading…">
        <TodoList />
      </Suspense>
    </TwinProvider>
  );
}

function Row({ item, toggle, mark }: { item: View<Item>; toggle(id: string): void; mark(id: string, done: boolean): void }) {
  return (
    <li style={{ opacity: isPending(item) ? 0.5 : 1 }}>
      <input type="checkbox" checked={item.done} onChange={({ target }) => mark(item.id, target.checked)} />
      {item.title} {item.tags.join(", ")}
      <button type="button" onClick={() => toggle(item.id)}>
        {item.done ? "Undo" : "Done"}
      </button>
    </li>
  );
}

function TodoList() {
  const todo = useTodo();
  const draft = useField(todo, "draft"); // set by `setDraft`
  // ? `.debounce(ms)` of an event stands in the API reference alone; the guides name "debounce, throttle" under `@event` options ("set how often the browser sends the event"), which reads as `@event({ debounce: 300 })`; both?
  const slow = useField(todo.draft, todo.setDraft.debounce(500));
  const [add, { pending, error }] = useEvent(todo.add);
  return (
    <main aria-busy={todo.$pending > 0}>
      <input {...draft} aria-label="New to-do" aria-invalid={draft.error !== undefined} />
      {draft.error?.message}
      <textarea {...slow} aria-label="The same, sent half a second after the last letter" />
      <button type="button" disabled={pending} onClick={() => add(todo.draft)}>
        Add
      </button>
      {error && <p role="alert">{error.message}</p>}
      <ul>
        <For each={todo.items} fallback={<li>Nothing to do.</li>}>
          {(item) => <Row item={item} toggle={(id) => void todo.toggle(id)} mark={(id, done) => void todo.mark(id, done)} />}
        </For>
      </ul>
      <p>
        {todo.left} left, {todo.$pending} pending
      </p>
      <button type="button" onClick={() => todo.clear()}>
        Clear
      </button>
      <Import />
    </main>
  );
}

function Import() {
  const todo = useTodo();
  const [text, setText] = useState("");
  async function run() {
    try {
      const call = todo.importFrom("https://example.com/titles.txt");
      for await (const count of call) setText(`${count} so far`);
      const { imported, at } = await call; // ? loop over the call and then await the same call: the docs show each alone
      setText(`${imported} imported at ${at.toLocaleTimeString()}`);
    } catch (error) {
      setText(error instanceof EventError ? error.message : "Failed");
    }
  }
  return (
    <p>
      <button type="button" onClick={run}>
        Import
      </button>{" "}
      {text}
    </p>
  );
}
