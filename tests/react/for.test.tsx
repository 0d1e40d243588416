import { act, memo, StrictMode, useDeferredValue, useState } from "react";
import type { View } from "twinstate";
import { For } from "twinstate/react";
import { describe, expect, test } from "vitest";
import { atomically } from "../../lib/graph/batch.js";
import { Boundary } from "./kit/boundary.js";
import { useBoard } from "./kit/hooks.js";
import { join, Source } from "./kit/joined.js";
import { type Page, renders, show, useCount } from "./kit/page.js";
import { Board, type Item } from "./kit/stores.js";

declare const COMPILED: boolean;

/** Not `memo`: what passes it by is the list. */
function Row({ item, at, selected }: { item: View<Item>; at?: number; selected?: boolean }) {
  useCount("Row");
  return (
    <li id={`row-${item.id}`} aria-current={selected}>
      {at === undefined ? "" : `${at}: `}
      {item.title}
    </li>
  );
}

function Rows() {
  useCount("Rows");
  const board = useBoard("a");
  return (
    <ul>
      <For each={board.cards} fallback={<li>none</li>}>
        {(item) => <Row item={item} />}
      </For>
    </ul>
  );
}

/** Its rows are no components: they are compared element by element. */
function Nested() {
  const board = useBoard("a");
  const [, again] = useState(0);
  return (
    <ul>
      <button type="button" onClick={() => again((n) => n + 1)} />
      <For each={board.cards}>
        {(item) => (
          <div>
            <b>{item.id}</b>, <Row item={item} />
          </div>
        )}
      </For>
    </ul>
  );
}

function Numbered() {
  const board = useBoard("a");
  return (
    <ol>
      <For each={board.cards}>{(item, index) => <Row item={item} at={index} />}</For>
    </ol>
  );
}

function Selectable() {
  const board = useBoard("a");
  const [selected, select] = useState(0);
  return (
    <ul>
      <button type="button" onClick={() => select((id) => id + 1)} />
      <For each={board.cards}>{(item) => <Row item={item} selected={item.id === selected} />}</For>
    </ul>
  );
}

function Titles({ by }: { by?: "title" }) {
  const titles = useBoard("a", (board) => board.cards.map(({ title }) => ({ title })));
  return (
    <For each={titles} by={by ?? (({ title }) => title)}>
      {({ title }) => `${title}, `}
    </For>
  );
}

function Chosen({ each }: { each: readonly View<Item>[] | ReadonlySet<View<Item>> | null | undefined }) {
  return (
    <For each={each} fallback="none">
      {({ title }) => `${title}, `}
    </For>
  );
}

function Nameless() {
  const titles = ["a", "b"] as unknown as { id: string }[];
  return <For each={titles}>{(title) => <i>{String(title)}</i>}</For>;
}

const Later = memo(function Later({ items }: { items: readonly View<Item>[] }) {
  return <For each={items}>{(item) => <i>{item.title} </i>}</For>;
});

function Deferred() {
  const board = useBoard("a");
  const items = useDeferredValue(board.cards);
  return (
    <>
      <b>{board.cards.length} </b>
      <Later items={items} />
    </>
  );
}

/** A page of one board, whose rows have been counted. */
async function open(rows: number, app = <Rows />) {
  const board = new Source("board", new Board("a", rows), "a");
  const page = await show(join(board), app);
  expect(renders("Row")).toBe(rows);
  renders("Rows");
  return { board, page, change: (change: (store: Board) => unknown) => act(async () => void board.run(change)) };
}

const texts = ({ element }: Page) => [...element.querySelectorAll("li")].map(({ textContent }) => textContent);
const row = ({ element }: Page, id: number) => element.querySelector(`#row-${id}`);

test("the compiler has compiled the tests' components, where it is on", () => {
  for (const component of [Row, Rows, Nested, Numbered, Selectable, Titles, Chosen, Nameless, Deferred]) {
    expect(String(component).includes("_c("), component.name).toBe(COMPILED);
  }
});

describe("a list of rows that are not memo", () => {
  test("of 10,000 renders the one row that has changed", async () => {
    const { page, change } = await open(10_000);
    await change((store) => (store.cards[5000]!.title = "here"));
    expect(row(page, 5000)?.textContent).toBe("here");
    expect(renders("Row")).toBe(1);
    await change((store) => store.cards.splice(100, 1));
    await change((store) => store.cards.unshift({ id: -1, title: "first", done: false }));
    expect(texts(page).slice(0, 2)).toEqual(["first", "card 0"]);
    expect(renders("Row")).toBe(1);
  });

  test("of 1,000 renders the one that has changed, and once each for 500 changes of one frame", async () => {
    const { change } = await open(1000);
    await change((store) => (store.cards[500]!.title = "here"));
    expect([renders("Rows"), renders("Row")]).toEqual([1, 1]);
    await change((store) => {
      for (let i = 0; i < 500; i++) store.cards[i * 2]!.title += "!";
    });
    expect([renders("Rows"), renders("Row")]).toEqual([1, 500]);
    await change((store) => {
      for (let i = 0; i < 500; i++) store.cards[7]!.title = `change ${i}`;
    });
    expect([renders("Rows"), renders("Row")]).toEqual([1, 1]);
  });

  test("renders nothing when another field has changed, or a row has changed and changed back in one frame", async () => {
    const { board, change } = await open(1000);
    await change((store) => (store.title = "b"));
    await act(async () =>
      atomically(() => {
        board.run((store) => (store.cards[3]!.title = "x"));
        board.run((store) => (store.cards[3]!.title = "card 3"));
      }),
    );
    await change((store) => {
      const [first] = store.cards.splice(0, 1);
      store.cards.unshift(first!);
    });
    expect([renders("Rows"), renders("Row")]).toEqual([0, 0]);
  });

  test("renders no row when rows are removed, swapped, moved and sorted, and each keeps its element", async () => {
    const { page, change } = await open(100);
    const elements = new Map([...page.element.querySelectorAll("li")].map((element) => [element.id, element]));
    await change((store) => store.cards.splice(10, 3));
    await change((store) => {
      const { cards } = store;
      [cards[1], cards[90]] = [cards[90]!, cards[1]!];
    });
    await change((store) => store.cards.push(...store.cards.splice(5, 1)));
    await change((store) => store.cards.reverse());
    await change((store) => store.cards.sort((a, b) => a.id - b.id));
    expect(renders("Row")).toBe(0);
    expect(texts(page)).toEqual(Array.from({ length: 100 }, (_, i) => `card ${i}`).filter((_, i) => i < 10 || i > 12));
    for (const element of page.element.querySelectorAll("li")) expect(element).toBe(elements.get(element.id));
  });

  test("shows what has changed while it moved", async () => {
    const { page, change } = await open(5);
    await change((store) => {
      store.cards.reverse();
      store.cards[1]!.title = "here";
      store.cards.splice(3, 1);
    });
    expect(texts(page)).toEqual(["card 4", "here", "card 2", "card 0"]);
    expect(renders("Row")).toBe(1);
  });

  test("shows something else where there is nothing, and comes back", async () => {
    const { page, change } = await open(2);
    await change((store) => store.cards.splice(0));
    expect(page.text).toBe("none");
    await change((store) => store.cards.push({ id: 1, title: "back", done: false }));
    expect(page.text).toBe("back");
  });
});

describe("the function that renders a row", () => {
  test("follows what it closes over: the rows render that look otherwise", async () => {
    const { page } = await open(1000, <Selectable />);
    const current = () => [...page.element.querySelectorAll("[aria-current=true]")].map(({ id }) => id);
    expect(current()).toEqual(["row-0"]);
    await act(async () => page.element.querySelector("button")!.click());
    expect(current()).toEqual(["row-1"]);
    expect(renders("Row")).toBe(2);
  });

  test("may make more than a component, and be another function each time", async () => {
    const { page, change } = await open(100, <Nested />);
    await act(async () => page.element.querySelector("button")!.click());
    expect(renders("Row")).toBe(0);
    await change((store) => (store.cards[1]!.title = "here"));
    expect(renders("Row")).toBe(1);
    expect(page.text).toContain("0, card 01, here2, card 2");
  });

  test("with a second parameter is told of the place, and then rows render whose place is another", async () => {
    const { page, change } = await open(10, <Numbered />);
    await change((store) => store.cards.splice(7, 1));
    expect(texts(page).slice(5)).toEqual(["5: card 5", "6: card 6", "7: card 8", "8: card 9"]);
    expect(renders("Row")).toBe(2);
  });
});

describe("a list", () => {
  test("tells items apart by a field, or a function", async () => {
    for (const by of ["title", undefined] as const) {
      const board = new Source("board", new Board("a", 3), "a");
      const page = await show(join(board), by ? <Titles by={by} /> : <Titles />);
      await act(async () => board.run((store) => (store.cards[1]!.title = "here")));
      expect(page.text).toBe("card 0, here, card 2, ");
    }
  });

  test("may be a Set, or nothing", async () => {
    const [a, b] = [1, 2].map((id) => ({ id, title: `item ${id}`, done: false })) as [Item, Item];
    const page = await show(join(), <Chosen each={new Set([a, b])} />);
    expect(page.text).toBe("item 1, item 2, ");
    for (const each of [null, undefined, new Set<Item>(), []]) {
      await page.render(<Chosen each={each} />);
      expect(page.text).toBe("none");
    }
  });

  test("says what is missing where items have no id", async () => {
    const page = await show(
      join(),
      <Boundary>
        <Nameless />
      </Boundary>,
    );
    expect(page.text).toContain("An item of `<For each>` has no key (by `id`).");
  });

  test("is right in a part that is rendered later, and twice in StrictMode", async () => {
    const board = new Source("board", new Board("a", 2), "a");
    const page = await show(
      join(board),
      <StrictMode>
        <Deferred />
      </StrictMode>,
    );
    for (const change of [(store: Board): unknown => store.cards.pop(), (store: Board): unknown => store.cards.unshift({ id: 9, title: "new", done: false })]) {
      await act(async () => void board.run(change));
    }
    expect(page.text).toBe("2 new card 0 ");
  });
});
