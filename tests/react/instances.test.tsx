import { observer } from "mobx-react-lite";
import { act, memo, useState } from "react";
import type { View } from "twinstate";
import { For, useEvent, useField } from "twinstate/react";
import { describe, expect, test } from "vitest";
import { userEvent } from "vitest/browser";
import { useLiveShelf, useShelf } from "./kit/hooks.js";
import { joinKnowing, Source } from "./kit/joined.js";
import { renders, show, soon, useCount } from "./kit/page.js";
import { Book, Shelf } from "./kit/stores.js";

const handlers = new Set<unknown>();

const Row = memo(function Row({ book, onRender }: { book: View<Book>; onRender?: (book: View<Book>) => void }) {
  useCount("Row");
  onRender?.(book);
  handlers.add(book.rename);
  return (
    <li>
      <button type="button" onClick={() => void book.rename(`${book.title}!`)}>
        {book.title}
      </button>
    </li>
  );
});

function Rows({ onRender }: { onRender?: (book: View<Book>) => void }) {
  const { books } = useShelf();
  return (
    <For each={books} by={(book) => book.title}>
      {(book) => <Row book={book} {...(onRender && { onRender })} />}
    </For>
  );
}

function Titled() {
  const [first] = useShelf().books;
  return first ? <Title book={first} /> : null;
}

function Title({ book }: { book: View<Book> }) {
  const title = useField(book, "title");
  return <input aria-label="Title" {...title} />;
}

function Renamed({ book }: { book: View<Book> }) {
  const [rename, { pending, error, value }] = useEvent(book.rename);
  return (
    <p>
      <button type="button" onClick={() => void rename(book.title.slice(1))}>
        Shorten
      </button>
      {[pending && "pending", error?.message, value].filter((part) => part !== false && part !== undefined).join()}
    </p>
  );
}

function Shortened() {
  const [first] = useShelf().books;
  return first ? <Renamed book={first} /> : null;
}

function Formed() {
  const [, second] = useShelf().books;
  const [typed] = useState("rot");
  return second ? (
    <form action={second.rename.form}>
      <input name="title" defaultValue={typed} />
      <button type="submit">Send</button>
    </form>
  ) : null;
}

function First() {
  const book = useShelf((shelf) => shelf.books[0]);
  return book ? <Row book={book} /> : null;
}

const Live = observer(function Live() {
  "use no memo";
  return useLiveShelf().books.map((book) => (
    <button type="button" key={book.title} onClick={() => void book.rename(`${book.title}!`)}>
      {book.title}
    </button>
  ));
});

const click = (element: HTMLElement, text: string) =>
  act(async () => [...element.querySelectorAll("button")].find(({ textContent }) => textContent === text)?.click());

describe.each([
  ["has", { stores: { shelf: Shelf }, models: { Book } }],
  ["does not have", {}],
])("the events of an instance whose class the browser %s", (_, known) => {
  function open(...titles: string[]) {
    const shelf = new Source("shelf", new Shelf(), null, { Book });
    shelf.run((store) => {
      for (const title of titles) store.add(title);
    });
    handlers.clear();
    return { shelf, client: joinKnowing(known, shelf) };
  }
  const titles = (shelf: Source<Shelf>) => shelf.instance.books.map(({ title }) => title);

  test("act on that instance, and only its row renders again", async () => {
    const { shelf, client } = open("red", "blue");
    const { element, text } = await show(client, <Rows />);
    expect([text, renders("Row")]).toEqual(["redblue", 2]);
    await click(element, "blue");
    expect([element.textContent, titles(shelf), renders("Row")]).toEqual(["redblue!", ["red", "blue!"], 1]);
  });

  test("act on that instance, not on what stands in its place by now", async () => {
    const { shelf, client } = open("red", "blue");
    const views: View<Book>[] = [];
    const { element } = await show(client, <Rows onRender={(book) => views.push(book)} />);
    const [red] = views as [View<Book>];
    await act(async () => shelf.run((store) => store.turn()));
    expect(element.textContent).toBe("bluered");
    // The view is of the first render.
    await act(async () => void red.rename("rot"));
    expect(titles(shelf)).toEqual(["blue", "rot"]);
  });

  test("are the same functions in each view of it, and others of another instance", async () => {
    const { shelf, client } = open("red", "blue");
    const views: View<Book>[] = [];
    await show(client, <Rows onRender={(book) => views.push(book)} />);
    await act(async () => shelf.run((store) => (store.books[0]!.title = "rot")));
    await act(async () => shelf.run((store) => store.turn()));
    expect(handlers.size).toBe(2);
    const [red, , rot] = views as [View<Book>, View<Book>, View<Book>];
    expect([rot.title, rot === red, rot.rename === red.rename]).toEqual(["rot", false, true]);
    expect(rot.rename.debounce(50)).toBe(red.rename.debounce(50));
    expect(rot.rename.form).toBe(red.rename.form);
  });

  test("have their state in `useEvent`", async () => {
    const { shelf, client } = open("red");
    const { element } = await show(client, <Shortened />);
    await click(element, "Shorten");
    expect([element.textContent, titles(shelf)]).toEqual(["Shorten2", ["ed"]]);
    await click(element, "Shorten");
    await click(element, "Shorten");
    expect([element.textContent, titles(shelf)]).toEqual(["ShortenA book has a title.,1", ["d"]]);
  });

  test("are actions of forms", async () => {
    const { shelf, client } = open("red", "blue");
    const { element } = await show(client, <Formed />);
    await act(async () => {
      element.querySelector("button")?.click();
      await soon(() => expect(titles(shelf)).toEqual(["red", "rot"]));
    });
  });

  test("are the setters of fields", async () => {
    const { shelf, client } = open("red");
    const { element } = await show(client, <Titled />);
    const input = element.querySelector("input") as HTMLInputElement;
    await act(async () => {
      await userEvent.fill(input, "rouge");
      input.blur();
    });
    await soon(() => expect(titles(shelf)).toEqual(["rouge"]));
    expect(input.value).toBe("rouge");
  });

  test("stand on live twins too", async () => {
    const { shelf, client } = open("red", "blue");
    const { element } = await show(client, <Live />);
    await soon(() => expect(element.textContent).toBe("redblue"));
    await act(async () => shelf.run((store) => store.turn()));
    await click(element, "red");
    expect(titles(shelf)).toEqual(["blue", "red!"]);
  });
});

test("a selector gives another instance, also where its content is the same", async () => {
  const shelf = new Source("shelf", new Shelf(), null, { Book });
  shelf.run((store) => {
    store.add("red");
    store.add("red");
  });
  const { element } = await show(joinKnowing({}, shelf), <First />);
  await act(async () => void shelf.run((store) => store.books.shift()));
  await click(element, "red");
  expect(shelf.instance.books.map(({ title }) => title)).toEqual(["red!"]);
});
