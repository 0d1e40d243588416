import { act, memo, StrictMode, useDeferredValue, useEffect } from "react";
import type { View } from "twinstate";
import { describe, expect, test } from "vitest";
import { atomically } from "../../lib/graph/batch.js";
import { Boundary } from "./kit/boundary.js";
import { useBoard, useTodo } from "./kit/hooks.js";
import { join, Source } from "./kit/joined.js";
import { renders, show, soon, useCount } from "./kit/page.js";
import { Board, type Item, Todo } from "./kit/stores.js";

declare const COMPILED: boolean;

/** What components have shown, in order. */
const seen: unknown[] = [];

function Left() {
  useCount("Left");
  const todo = useTodo();
  return <b>{todo.left}</b>;
}

function Titles() {
  useCount("Titles");
  const todo = useTodo();
  return <p>{todo.items.map((item) => item.title).join(" ")}</p>;
}

const Row = memo(function Row({ item }: { item: View<Item> }) {
  useCount("Row");
  return <li>{item.title}</li>;
});

function Cards({ room }: { room: string }) {
  useCount("Cards");
  const board = useBoard(room);
  return (
    <ul title={board.title}>
      {board.cards.map((card) => (
        <Row key={card.id} item={card} />
      ))}
    </ul>
  );
}

function Maybe({ room }: { room: string | null }) {
  const board = useBoard(room);
  return <p>{board ? board.title : "no room"}</p>;
}

/** Hands out what it has rendered with. */
function Peek({ onView }: { onView(view: View<Todo>): void }) {
  useCount("Peek");
  const todo = useTodo();
  useEffect(() => onView(todo), [todo, onView]);
  return <p>{todo.left}</p>;
}

function Pair({ onPair }: { onPair(items: readonly View<Item>[], others: readonly View<Item>[]): void }) {
  const one = useTodo();
  const other = useTodo((todo) => todo.items);
  useEffect(() => void onPair(one.items, other));
  return null;
}

function Slow({ view }: { view: View<Todo> }) {
  const row = `${view.items.filter((item) => !item.done).length}=${view.left} ${view.draft}`;
  useEffect(() => void seen.push(row), [row]);
  return <p>{row}</p>;
}

const Memo = memo(Slow);

function Deferred() {
  const now = useTodo();
  const later = useDeferredValue(now);
  return (
    <>
      <b>{now.left}</b>
      <Memo view={later} />
    </>
  );
}

function Count({ done }: { done: boolean }) {
  useCount("Count");
  const count = useTodo((todo) => todo.items.filter((item) => item.done === done).length);
  return <i>{count}</i>;
}

function Ids() {
  useCount("Ids");
  const ids = useTodo((todo) => todo.items.map(({ id, done }) => ({ id, done })));
  useEffect(() => void seen.push(ids), [ids]);
  return <i>{ids.length}</i>;
}

function Whole() {
  useCount("Whole");
  const todo = useTodo((view) => view);
  return <i>{todo.left}</i>;
}

function Card({ room }: { room: string }) {
  const title = useBoard(room, (board) => board.title);
  return <i>{title}</i>;
}

async function peek() {
  const todo = new Source("todo", new Todo());
  const views: View<Todo>[] = [];
  const client = join(todo);
  const onView = (view: View<Todo>) => void views.push(view);
  const page = await show(client, <Peek onView={onView} />);
  return { todo, views, client, page, view: views[0] as View<Todo> };
}

test("the compiler has compiled the tests' components, where it is on", () => {
  const components = [Left, Titles, Cards, Maybe, Peek, Pair, Slow, Deferred, Count, Ids, Whole, Card, (Row as { type?: unknown }).type];
  for (const component of components) expect(String(component).includes("_c(")).toBe(COMPILED);
});

describe("a component", () => {
  test("renders again when a field that it read has changed, and not otherwise", async () => {
    const todo = new Source("todo", new Todo());
    const page = await show(join(todo), <Left />);
    expect(page.text).toBe("1");
    expect(renders("Left")).toBe(1);
    await act(async () => todo.run((store) => (store.draft = "x")));
    expect(renders("Left")).toBe(0);
    await act(async () => todo.run((store) => store.add("eggs")));
    expect(page.text).toBe("2");
    expect(renders("Left")).toBe(1);
    await act(async () => todo.run((store) => (store.items[0]!.title = "oat milk")));
    expect(renders("Left")).toBe(0);
  });

  test("does not render when a field has changed and changed back at once", async () => {
    const todo = new Source("todo", new Todo());
    const page = await show(join(todo), <Titles />);
    expect(renders("Titles")).toBe(1);
    await act(async () =>
      atomically(() => {
        todo.run((store) => (store.items[0]!.title = "wine"));
        todo.run((store) => (store.items[0]!.title = "milk"));
      }),
    );
    expect(renders("Titles")).toBe(0);
    await act(async () => todo.run((store) => (store.items[0]!.title = "wine")));
    expect(page.text).toBe("wine bread");
    expect(renders("Titles")).toBe(1);
  });

  test("renders once for 500 changes of one frame", async () => {
    const board = new Source("board", new Board("a", 1000), "a");
    await show(join(board), <Cards room="a" />);
    expect([renders("Cards"), renders("Row")]).toEqual([1, 1000]);
    await act(async () =>
      board.run((store) => {
        for (const card of store.cards.slice(0, 500)) card.title += "!";
      }),
    );
    expect([renders("Cards"), renders("Row")]).toEqual([1, 500]);
  });

  test("with 1,000 memo rows renders the one that has changed", async () => {
    const board = new Source("board", new Board("a", 1000), "a");
    const page = await show(join(board), <Cards room="a" />);
    expect(renders("Row")).toBe(1000);
    await act(async () => board.run((store) => (store.cards[500]!.title = "here")));
    expect(page.element.querySelectorAll("li")[500]?.textContent).toBe("here");
    expect([renders("Cards") > 0, renders("Row")]).toEqual([true, 1]);
    await act(async () => board.run((store) => store.cards.push({ id: 1000, title: "last", done: false })));
    expect(page.element.querySelectorAll("li")).toHaveLength(1001);
    expect(renders("Row")).toBe(1);
  });

  test("that is drawn twice by StrictMode shows each change", async () => {
    const todo = new Source("todo", new Todo());
    const page = await show(
      join(todo),
      <StrictMode>
        <Titles />
        <Left />
      </StrictMode>,
    );
    await act(async () => todo.run((store) => store.add("eggs")));
    expect(page.text).toBe("milk bread eggs2");
  });

  test("outside of a provider is told what is missing", async () => {
    const page = await show(
      undefined as never,
      <Boundary>
        <Left />
      </Boundary>,
    );
    expect(page.text).toContain("`useTodo` is used outside of `<TwinProvider>`");
  });
});

describe("a view", () => {
  test("is the same object for two hooks", async () => {
    const todo = new Source("todo", new Todo());
    const same: boolean[] = [];
    await show(join(todo), <Pair onPair={(items, others) => same.push(items === others)} />);
    await act(async () => todo.run((store) => store.add("eggs")));
    expect(same.length).toBeGreaterThan(1);
    expect(same).not.toContain(false);
  });

  test("keeps what has not changed, so that effects do not run again", async () => {
    const { todo, views } = await peek();
    await act(async () => todo.run((store) => (store.items[0]!.done = true)));
    expect(views).toHaveLength(2);
    expect(views[0]!.items[1]).toBe(views[1]!.items[1]);
    expect(views[0]!.items[0]).not.toBe(views[1]!.items[0]);
  });

  test("gives what a field was, although it is read for the first time after it has changed", async () => {
    const { todo, views, view } = await peek();
    await act(async () =>
      todo.run((store) => {
        store.items[0]!.done = true;
        store.draft = "later";
      }),
    );
    expect([view.left, view.draft, view.items[0]!.done]).toEqual([1, "", false]);
    expect([views[1]!.left, views[1]!.draft, views[1]!.items[0]!.done]).toEqual([0, "later", true]);
  });

  test("gives fields of one state, when a field that it did not read has changed in between", async () => {
    const { todo, view, views } = await peek();
    await act(async () => todo.run((store) => (store.draft = "two")));
    expect(view.draft).toBe("two");
    await act(async () =>
      todo.run((store) => {
        store.draft = "three";
        store.theme = "dark";
      }),
    );
    expect([view.left, view.draft, view.theme]).toEqual([1, "two", "light"]);
    expect(views).toHaveLength(2);
  });

  test("is a plain object to those who list, copy and print it", async () => {
    const { view } = await peek();
    const plain = {
      items: [
        { id: 1, title: "milk", done: false },
        { id: 2, title: "bread", done: true },
      ],
      draft: "",
      theme: "light",
      left: 1,
    };
    expect(Object.keys(view)).toEqual(Object.keys(plain));
    expect({ ...view }).toEqual(plain);
    expect(JSON.parse(JSON.stringify(view))).toEqual(plain);
    expect(structuredClone({ ...view })).toEqual(plain);
    expect("draft" in view).toBe(true);
    expect("nothing" in view).toBe(false);
    expect(String(view)).toBe("[object Object]");
    for (const name of ["then", "toJSON", "$$typeof", "nodeType", "@@iterator", "_owner", Symbol.iterator, Symbol.asyncIterator]) {
      expect((view as never)[name]).toBeUndefined();
    }
  });

  test("cannot be changed", async () => {
    const { view } = await peek();
    const open = view as unknown as Record<string, unknown>;
    for (const change of [
      () => (open.draft = "x"),
      () => delete open.draft,
      () => Object.defineProperty(open, "draft", { value: 1 }),
      () => Object.setPrototypeOf(open, null),
      () => Object.freeze(open),
    ]) {
      expect(change).toThrow("`todo` is a twin: it cannot be changed here.");
    }
  });

  test("has events that stay the same functions, and may be taken apart", async () => {
    const { todo, views, view } = await peek();
    const { add } = view;
    await act(async () => expect(await add("eggs")).toBe(3));
    expect(views).toHaveLength(2);
    expect(views[1]!.add).toBe(add);
    expect(todo.instance.items).toHaveLength(3);
  });

  test("tells what is wrong when a method is called that is no event", async () => {
    const { view } = await peek();
    expect(() => (view as unknown as Todo).helper()).toThrow("`todo` has no event `helper`");
  });

  test("that is deferred never mixes two states", async () => {
    const todo = new Source("todo", new Todo());
    seen.length = 0;
    const page = await show(join(todo), <Deferred />);
    for (let n = 0; n < 5; n++) {
      await act(async () =>
        todo.run((store) => {
          store.add(`item ${n}`);
          store.draft = String(n);
        }),
      );
    }
    expect(page.text).toBe("66=6 4");
    expect(seen).toEqual(["1=1 ", "2=2 0", "3=3 1", "4=4 2", "5=5 3", "6=6 4"]);
  });
});

describe("a selector", () => {
  test("renders when what it selects has changed, and not otherwise", async () => {
    const todo = new Source("todo", new Todo());
    const page = await show(join(todo), <Count done={true} />);
    expect([page.text, renders("Count")]).toEqual(["1", 1]);
    await act(async () => todo.run((store) => store.add("eggs")));
    expect(renders("Count")).toBe(0);
    await act(async () => todo.run((store) => (store.items[0]!.done = true)));
    expect([page.text, renders("Count")]).toEqual(["2", 1]);
  });

  test("follows the props that it closes over", async () => {
    const todo = new Source("todo", new Todo());
    const page = await show(join(todo), <Count done={true} />);
    await page.render(<Count done={false} />);
    await act(async () => todo.run((store) => store.add("eggs")));
    expect(page.text).toBe("2");
  });

  test("that makes objects gives the same ones while they hold the same", async () => {
    const todo = new Source("todo", new Todo());
    seen.length = 0;
    const page = await show(join(todo), <Ids />);
    await act(async () => todo.run((store) => (store.items[0]!.title = "oat milk")));
    expect(renders("Ids")).toBe(1);
    await page.render(<Ids />);
    expect(seen).toHaveLength(1);
    await act(async () => todo.run((store) => (store.items[0]!.done = true)));
    expect(seen).toHaveLength(2);
    expect(renders("Ids")).toBeGreaterThan(1);
  });

  test("may give the view itself", async () => {
    const todo = new Source("todo", new Todo());
    const page = await show(join(todo), <Whole />);
    await act(async () => todo.run((store) => (store.draft = "x")));
    expect(renders("Whole")).toBe(1);
    await act(async () => todo.run((store) => store.add("eggs")));
    expect([page.text, renders("Whole")]).toEqual(["2", 1]);
  });

  test("works on rooms, by key", async () => {
    const rooms = [new Source("board", new Board("one"), "1"), new Source("board", new Board("two"), "2")];
    const page = await show(join(...rooms), <Card room="1" />);
    expect(page.text).toBe("one");
    await page.render(<Card room="2" />);
    expect(page.text).toBe("two");
    await act(async () => rooms[1]!.run((store) => (store.title = "zwei")));
    expect(page.text).toBe("zwei");
  });
});

describe("a room", () => {
  test("is left for another when the key changes", async () => {
    const one = new Source("board", new Board("one"), "1");
    const two = new Source("board", new Board("two"), "2");
    const client = join(one, two);
    const page = await show(client, <Maybe room="1" />);
    expect(page.text).toBe("one");
    await page.render(<Maybe room="2" />);
    expect(page.text).toBe("two");
    await act(async () => one.run((store) => (store.title = "eins")));
    await act(async () => two.run((store) => (store.title = "zwei")));
    expect(page.text).toBe("zwei");
    await soon(() => expect([one.followers, two.followers, client.size]).toEqual([0, 1, 1]));
  });

  test("is none with the key null", async () => {
    const one = new Source("board", new Board("one"), "1");
    const client = join(one);
    const page = await show(client, <Maybe room={null} />);
    expect([page.text, client.size]).toEqual(["no room", 0]);
    await page.render(<Maybe room="1" />);
    expect(page.text).toBe("one");
    await page.render(<Maybe room={null} />);
    expect(page.text).toBe("no room");
    await soon(() => expect(client.size).toBe(0));
  });

  test("is unwatched when nobody shows it, after StrictMode's second mount too", async () => {
    const one = new Source("board", new Board("one"), "1");
    const client = join(one);
    const page = await show(
      client,
      <StrictMode>
        <Maybe room="1" />
      </StrictMode>,
    );
    expect(one.followers).toBe(1);
    await page.unmount();
    await soon(() => expect(one.followers).toBe(0));
  });
});
