import { act, StrictMode, Suspense, startTransition, useState } from "react";
import { EventError } from "twinstate";
import { expect, test } from "vitest";
import { Boundary } from "./kit/boundary.js";
import { useBoard, useTodo } from "./kit/hooks.js";
import { join, Source } from "./kit/joined.js";
import { renders, show, soon, useCount } from "./kit/page.js";
import { Board, Todo } from "./kit/stores.js";

function Left() {
  useCount("Left");
  return <b>{useTodo().left}</b>;
}

function Title({ room }: { room: string }) {
  return <b>{useBoard(room, (board) => board.title)}</b>;
}

function Rooms() {
  const [room, setRoom] = useState("1");
  return (
    <>
      <button type="button" onClick={() => startTransition(() => setRoom("2"))}>
        go
      </button>
      <Suspense fallback={<i>wait</i>}>
        <Title room={room} />
      </Suspense>
    </>
  );
}

const waiting = (
  <StrictMode>
    <Suspense fallback={<i>wait</i>}>
      <Boundary>
        <Left />
      </Boundary>
    </Suspense>
  </StrictMode>
);

test("the fallback shows until the state is there, and then the state", async () => {
  const todo = new Source("todo", new Todo());
  const client = join(todo);
  client.prompt = false;
  const page = await show(client, waiting);
  expect(page.element.querySelector("i")).not.toBeNull();
  expect(client.watches("todo")).toBe(true);
  await act(async () => client.deliver());
  expect(page.element.querySelector("i")?.style.display ?? "none").toBe("none");
  expect(page.element.querySelector("b")?.textContent).toBe("1");
  await act(async () => todo.run((store) => store.add("eggs")));
  expect(page.element.querySelector("b")?.textContent).toBe("2");
  await page.unmount();
  await soon(() => expect([todo.followers, client.size]).toEqual([0, 0]));
});

test("a page that leaves before its state has come is forgotten when it comes", async () => {
  const todo = new Source("todo", new Todo());
  const client = join(todo);
  client.prompt = false;
  const page = await show(client, waiting);
  await page.unmount();
  await act(async () => client.deliver());
  await soon(() => expect([todo.followers, client.size]).toEqual([0, 0]));
});

test("a refused store's error reaches the error boundary", async () => {
  const client = join(new Source("todo", new Todo()));
  client.prompt = false;
  const page = await show(client, waiting);
  await act(async () => client.refuse("todo", null, new EventError("FORBIDDEN", "Not you.")));
  expect(page.text).toContain("FORBIDDEN: Not you.");
});

test("a store that is refused later takes its component to the error boundary", async () => {
  const client = join(new Source("todo", new Todo()));
  const page = await show(client, waiting);
  expect(page.text).toBe("1");
  await act(async () => client.refuse("todo", null, new EventError("FORBIDDEN", "No longer.")));
  expect(page.text).toContain("FORBIDDEN: No longer.");
});

test("a transition to a room that is still to come keeps the old one on screen", async () => {
  const one = new Source("board", new Board("one"), "1");
  const two = new Source("board", new Board("two"), "2");
  const client = join(one, two);
  const page = await show(client, <Rooms />);
  expect(page.text).toBe("goone");
  client.prompt = false;
  await act(async () => page.element.querySelector("button")?.click());
  expect(page.text).toBe("goone");
  await act(async () => one.run((store) => (store.title = "eins")));
  expect(page.text).toBe("goeins");
  await act(async () => client.deliver());
  expect(page.text).toBe("gotwo");
  await soon(() => expect([one.followers, two.followers]).toEqual([0, 1]));
});

test("two components that wait for one store appear together, each rendered once", async () => {
  const client = join(new Source("todo", new Todo()));
  client.prompt = false;
  const page = await show(
    client,
    <Suspense fallback={<i>wait</i>}>
      <Left />
      <Left />
    </Suspense>,
  );
  renders("Left");
  await act(async () => client.deliver());
  expect(page.text).toBe("11");
  expect(renders("Left")).toBeLessThanOrEqual(4);
});
