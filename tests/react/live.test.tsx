import { observer } from "mobx-react-lite";
import { act } from "react";
import { expect, test, vi } from "vitest";
import { useLiveBoard, useLiveShelf, useLiveTodo } from "./kit/hooks.js";
import { join, joinKnowing, Source } from "./kit/joined.js";
import { renders, show, soon, useCount } from "./kit/page.js";
import { Board, Book, type Item, Shelf, Todo } from "./kit/stores.js";

const List = observer(function List() {
  "use no memo";
  useCount("List");
  const todo = useLiveTodo();
  return (
    <ul>
      {todo.items.map((item) => (
        <Row key={item.id} item={item as Item} />
      ))}
    </ul>
  );
});

const Row = observer(function Row({ item }: { item: Item }) {
  "use no memo";
  useCount("Row");
  return <li>{item.title}</li>;
});

const Title = observer(function Title({ room }: { room: string }) {
  "use no memo";
  return <b>{useLiveBoard(room).title}</b>;
});

declare const COMPILED: boolean;

function Top() {
  const todo = useLiveTodo();
  return <p>{todo.items.map(({ title }) => title).join()}</p>;
}
const Compiled = observer(Top);

test("in development, a component that the compiler keeps from following the live twin is told of, once, by its name", async () => {
  const client = join(new Source("todo", new Todo()));
  const warn = vi.mocked(console.warn);
  await show(client, <List />);
  expect(warn).not.toHaveBeenCalled();
  await show(client, <Compiled />);
  const page = await show(client, <Compiled />);
  expect(page.text).toBe("milk,bread");
  expect(warn.mock.calls.flat()).toEqual(COMPILED ? [expect.stringContaining("`Top` uses `useLiveTodo`, and the React Compiler has compiled it")] : []);
  warn.mockClear();
});

test("an observer of the live twin renders alone what it has read", async () => {
  const todo = new Source("todo", new Todo());
  const page = await show(join(todo), <List />);
  expect([page.text, renders("List"), renders("Row")]).toEqual(["milkbread", 1, 2]);
  await act(async () => todo.run((store) => (store.items[1]!.title = "wine")));
  expect([page.text, renders("List"), renders("Row")]).toEqual(["milkwine", 0, 1]);
  await act(async () => todo.run((store) => (store.draft = "x")));
  expect([renders("List"), renders("Row")]).toEqual([0, 0]);
  await act(async () => todo.run((store) => store.add("eggs")));
  expect([page.text, renders("List"), renders("Row")]).toEqual(["milkwineeggs", 1, 1]);
});

const Words = observer(function Words({ book }: { book: Book }) {
  "use no memo";
  useCount("Words");
  return (
    <li>
      {book.words.join("-")} {String(book instanceof Book)}
    </li>
  );
});

const Books = observer(function Books() {
  "use no memo";
  return useLiveShelf().books.map((book) => <Words key={book.title.at(-1)} book={book as unknown as Book} />);
});

test("instances of the live twin have the getters of their class, where the browser has it, and follow what they read", async () => {
  const shelf = new Source("shelf", new Shelf(), null, { Book });
  shelf.run((store) => {
    store.add("red book");
    store.add("blue");
  });
  const page = await show(joinKnowing({ models: { Book } }, shelf), <Books />);
  expect(page.text).toBe("red-book trueblue true");
  renders("Words");
  await act(async () => shelf.run((store) => (store.books[1]!.title = "deep blue")));
  expect([page.text, renders("Words")]).toEqual(["red-book truedeep-blue true", 1]);
  await act(async () => shelf.run((store) => (store.books[1]!.read = true)));
  expect(renders("Words")).toBe(0);
});

test("the live twin of a room is another when the key changes", async () => {
  const one = new Source("board", new Board("one"), "1");
  const two = new Source("board", new Board("two"), "2");
  const page = await show(join(one, two), <Title room="1" />);
  await page.render(<Title room="2" />);
  expect(page.text).toBe("two");
  await act(async () => two.run((store) => (store.title = "zwei")));
  expect(page.text).toBe("zwei");
  await soon(() => expect([one.followers, two.followers]).toEqual([0, 1]));
});
