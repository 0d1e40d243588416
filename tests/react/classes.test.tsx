import { act, memo, useDeferredValue, useEffect, useMemo } from "react";
import type { View } from "twinstate";
import { describe, expect, test } from "vitest";
import { useShelf } from "./kit/hooks.js";
import { joinKnowing, Source } from "./kit/joined.js";
import { renders, show, useCount } from "./kit/page.js";
import { Book, Shelf } from "./kit/stores.js";

declare const COMPILED: boolean;

const KNOWN = { stores: { shelf: Shelf }, models: { Book } };
const seen: unknown[] = [];

const Row = memo(function Row({ book }: { book: View<Book> }) {
  useCount("Row");
  const upper = useMemo(() => book.words.join("-"), [book.words]);
  useEffect(() => void seen.push(book.words), [book.words]);
  return (
    <li>
      {upper} {book.count} {String(book instanceof Book)}
    </li>
  );
});

function Books() {
  useCount("Books");
  const { books } = useShelf();
  return books.map((book) => <Row key={book.title.at(-1)} book={book} />);
}

const List = memo(function List({ books }: { books: readonly View<Book>[] }) {
  useCount("List");
  useEffect(() => void seen.push(books), [books]);
  return <p>{books.map(({ title }) => title).join(" ")}</p>;
});

function Shown() {
  useCount("Shown");
  const shelf = useShelf();
  return (
    <>
      <List books={shelf.shown} />
      <i>{shelf.note}</i>
    </>
  );
}

function First() {
  useCount("First");
  const shelf = useShelf();
  return (
    <b>
      {shelf.first} {String(shelf.never)}
    </b>
  );
}

function Amount() {
  useCount("Amount");
  return <b>{useShelf((shelf) => shelf.shown.length)}</b>;
}

function Collections() {
  useCount("Collections");
  const shelf = useShelf();
  const marks = useMemo(() => [...shelf.marks].map(([key, value]) => `${key}${value}`).join(), [shelf.marks]);
  useEffect(() => void seen.push(`tags ${shelf.tags.size}`), [shelf.tags]);
  useEffect(() => void seen.push(shelf.opened.getTime()), [shelf.opened]);
  return (
    <p>
      {marks} {[...shelf.tags].join()} {shelf.opened.getTime()}
    </p>
  );
}

function Both() {
  const now = useShelf();
  const later = useDeferredValue(now);
  useEffect(() => void seen.push([now.shown.length, now.note]));
  return (
    <>
      <b>{now.shown.length}</b>
      <Late shelf={later} />
    </>
  );
}

const Late = memo(function Late({ shelf }: { shelf: View<Shelf> }) {
  return (
    <i>
      {shelf.shown.length} {shelf.note}
    </i>
  );
});

function Peek({ onView }: { onView(view: View<Shelf>): void }) {
  const shelf = useShelf();
  useEffect(() => onView(shelf), [shelf, onView]);
  return <p>{shelf.note}</p>;
}

function open(...titles: string[]) {
  const shelf = new Source("shelf", new Shelf(), null, { Book });
  shelf.run((store) => {
    for (const title of titles) store.add(title);
  });
  seen.length = 0;
  return { shelf, client: joinKnowing(KNOWN, shelf) };
}

test("the compiler has compiled the tests' components, where it is on", () => {
  const memos = [Row, List, Late].map((component) => (component as unknown as { type: unknown }).type);
  for (const component of [...memos, Books, Shown, First, Amount, Collections, Both, Peek]) expect(String(component).includes("_c(")).toBe(COMPILED);
});

describe("an instance whose class the browser has", () => {
  test("is one of its class, with getters that give the same while it has not changed", async () => {
    const { shelf, client } = open("red book", "blue");
    const page = await show(client, <Books />);
    expect(page.text).toBe("red-book 2 trueblue 1 true");
    expect([renders("Row"), seen]).toEqual([2, [["red", "book"], ["blue"]]]);
    await act(async () => shelf.run((store) => (store.books[1]!.title = "deep blue")));
    expect(page.text).toBe("red-book 2 truedeep-blue 2 true");
    expect([renders("Row"), seen.length]).toEqual([1, 3]);
    await act(async () => shelf.run((store) => (store.books[0]!.read = true)));
    expect(renders("Row")).toBe(1);
    await act(async () => shelf.run((store) => (store.note = "x")));
    expect([renders("Row"), renders("Books")]).toEqual([0, 3]);
  });
});

describe("a store whose class the browser has", () => {
  test("gives what its getter makes, the same while what it has read is, so that memo holds and effects rest", async () => {
    const { shelf, client } = open("red", "blue");
    const page = await show(client, <Shown />);
    expect([page.text, renders("Shown"), renders("List")]).toEqual(["red blue", 1, 1]);
    await act(async () => shelf.run((store) => (store.note = "!")));
    expect([page.text, renders("Shown"), renders("List")]).toEqual(["red blue!", 1, 0]);
    await act(async () => shelf.run((store) => (store.search = "e")));
    await act(async () => shelf.run((store) => (store.search = "blu")));
    expect([page.text, renders("List"), seen.length]).toEqual(["blue!", 2, 3]);
    await act(async () => shelf.run((store) => store.marks.set("b", 1)));
    expect([renders("Shown"), renders("List")]).toEqual([2, 0]);
  });

  test("runs methods that read, also from a getter; a component renders again when what they read changes", async () => {
    const { shelf, client } = open("red");
    const page = await show(client, <First />);
    expect([page.text, renders("First")]).toEqual(["none undefined", 1]);
    await act(async () => shelf.run((store) => (store.note = "!")));
    expect(renders("First")).toBe(0);
    await act(async () => shelf.run((store) => (store.search = "red")));
    expect(page.text).toBe("red undefined");
    await act(async () => shelf.run((store) => (store.books[0]!.title = "rot")));
    expect([page.text, renders("First")]).toEqual(["none undefined", 2]);
  });

  test("works in selectors", async () => {
    const { shelf, client } = open("red", "blue");
    const page = await show(client, <Amount />);
    expect([page.text, renders("Amount")]).toEqual(["2", 1]);
    await act(async () => shelf.run((store) => (store.books[0]!.title = "rot")));
    expect(renders("Amount")).toBe(0);
    await act(async () => shelf.run((store) => (store.search = "b")));
    expect([page.text, renders("Amount")]).toEqual(["1", 1]);
  });

  test("never mixes two states in a deferred view's getters", async () => {
    const { shelf, client } = open("red");
    const page = await show(client, <Both />);
    for (let n = 0; n < 3; n++) {
      await act(async () =>
        shelf.run((store) => {
          store.add(`book ${n}`);
          store.note = `${store.books.length}`;
        }),
      );
    }
    expect(page.text).toBe("44 4");
    expect(seen.map((pair) => (pair as [number, string]).join("="))).not.toContain("2=3");
    expect(new Set(seen.map(String))).toEqual(new Set(["1,", "2,2", "3,3", "4,4"]));
  });

  test("refuses methods that write, and what is not decorated as an event", async () => {
    const { shelf, client } = open("red");
    const views: View<Shelf>[] = [];
    await show(client, <Peek onView={(view) => void views.push(view)} />);
    const view = views[0] as unknown as Shelf;
    expect(() => view.clear()).toThrow("`shelf.clear` changes state, and is no event: a page cannot run it. Did you forget `@event`?");
    expect(view.byTitle("red")?.words).toEqual(["red"]);
    const { byTitle } = view;
    expect(byTitle("red")).toBe(view.books[0]);
    await act(async () => shelf.run((store) => store.add("blue")));
    expect(view.shown.length).toBe(1);
  });
});

test("Maps, Sets and dates in dependency arrays change when their content does", async () => {
  const { shelf, client } = open();
  const page = await show(client, <Collections />);
  expect([page.text, seen]).toEqual(["a1 new 0", ["tags 1", 0]]);
  await act(async () => shelf.run((store) => store.marks.set("b", 2)));
  expect([page.text, seen]).toEqual(["a1,b2 new 0", ["tags 1", 0]]);
  await act(async () => shelf.run((store) => store.tags.add("old")));
  expect([page.text, seen]).toEqual(["a1,b2 new,old 0", ["tags 1", 0, "tags 2"]]);
  await act(async () => shelf.run((store) => (store.opened = new Date(7))));
  expect([page.text, seen]).toEqual(["a1,b2 new,old 7", ["tags 1", 0, "tags 2", 7]]);
  renders("Collections");
  await act(async () =>
    shelf.run((store) => {
      store.tags.add("old");
      store.marks.set("b", 2);
      store.books.push(new Book("unread"));
    }),
  );
  expect(renders("Collections")).toBe(0);
});
