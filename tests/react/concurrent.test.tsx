import { observer } from "mobx-react-lite";
import { act, type ReactNode, StrictMode, startTransition, useDeferredValue, useEffect, useMemo, useState, useTransition } from "react";
import { createRoot, type Root } from "react-dom/client";
import type { View } from "twinstate";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { ClientContext } from "../../react/context.js";
import { useLiveTodo, useTodo } from "./kit/hooks.js";
import { join, Source } from "./kit/joined.js";
import { renders, show, soon, useCount } from "./kit/page.js";
import { Todo } from "./kit/stores.js";

declare const COMPILED: boolean;

const READERS = Array.from({ length: 20 }, (_, i) => i);

/** Keeps the thread for long enough that React pauses between two components. */
function useWork(): void {
  const end = performance.now() + 6;
  while (performance.now() < end);
}

function Reader() {
  useWork();
  const todo = useTodo();
  return <li>{todo.draft}</li>;
}

function Readers({ n }: { n: number }) {
  return (
    <ul title={String(n)}>
      {READERS.map((i) => (
        <Reader key={i} />
      ))}
    </ul>
  );
}

/** Renders all readers again in a transition, with each click. */
function Updating() {
  const [n, setN] = useState(0);
  const [pending, start] = useTransition();
  return (
    <>
      <button type="button" title={pending ? "pending" : `done ${n}`} onClick={() => start(() => setN(n + 1))}>
        next
      </button>
      <Readers n={n} />
    </>
  );
}

/** Shows readers for the first time in a transition. */
function Mounting() {
  const [shown, setShown] = useState(false);
  const todo = useTodo();
  return (
    <>
      <button type="button" onClick={() => startTransition(() => setShown(true))}>
        show
      </button>
      <p>{todo.draft}</p>
      {shown && <Readers n={1} />}
    </>
  );
}

function DeferredReader({ view }: { view: View<Todo> }) {
  useWork();
  return (
    <li>
      {view.draft}/{view.theme}
    </li>
  );
}

function Deferring() {
  const now = useTodo();
  const view = useDeferredValue(now);
  return (
    <>
      <p>
        {now.draft}/{now.theme}
      </p>
      <ul>
        {READERS.map((i) => (
          <DeferredReader key={i} view={view} />
        ))}
      </ul>
    </>
  );
}

/** As reported of `observer` in facebook/react#37000: a function that stands by itself, and is not called inside of anything. */
function Plain() {
  const todo = useTodo();
  return <p>{todo.items.filter((item) => !item.done).length}</p>;
}

/** The same with the live twin, by `observer`. */
function Live() {
  const todo = useLiveTodo();
  return <p>{todo.items.filter((item) => !item.done).length}</p>;
}

const Observed = observer(Live);

/** As in mobxjs/mobx#3874: values made of what was read, and objects of the store that go down as props. */
function Derived() {
  const todo = useTodo();
  const open = todo.items.filter((item) => !item.done);
  const longest = useMemo(() => Math.max(0, ...todo.items.map(({ title }) => title.length)), [todo.items]);
  const style = { order: open.length };
  return (
    <section style={style} title={`${open.length} of ${todo.items.length}, ${longest}`}>
      {open.map((item) => (
        <Title key={item.id} item={item} />
      ))}
      <Later todo={todo} />
    </section>
  );
}

function Title({ item }: { item: View<Todo>["items"][number] }) {
  return <b>{item.title} </b>;
}

function Later({ todo }: { todo: View<Todo> }) {
  const [shown, setShown] = useState(todo.draft);
  useEffect(() => setShown(todo.draft), [todo.draft]);
  return <i>{shown}</i>;
}

function Handlers() {
  useCount("Handlers");
  const todo = useTodo();
  const [seen, setSeen] = useState("");
  return (
    <button type="button" title={todo.theme} onClick={() => setSeen(`${todo.draft} ${todo.items.length}`)}>
      {seen}
    </button>
  );
}

test("the compiler has compiled the tests' components, where it is on", () => {
  for (const component of [Readers, Updating, Mounting, Deferring, Plain, Derived, Title, Later, Handlers]) {
    expect(String(component).includes("_c(")).toBe(COMPILED);
  }
});

/** Whatever the page has shown at any time: in each commit, and in each frame. */
function record(element: HTMLElement): string[][] {
  const shown: string[][] = [];
  const look = () => void shown.push([...element.querySelectorAll("li")].map(({ textContent }) => textContent ?? ""));
  const observer = new MutationObserver(look);
  observer.observe(element, { childList: true, subtree: true, characterData: true, attributes: true });
  onTestFinished(() => observer.disconnect());
  return shown;
}

const torn = (shown: readonly string[][]) => shown.filter((texts) => new Set(texts).size > 1);

// React's own scheduler, which pauses and goes on: within `act` it renders all in one go.
describe("while React renders in slices", () => {
  const roots: Root[] = [];
  beforeEach(() => {
    (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = false;
  });
  afterEach(() => {
    for (const root of roots.splice(0)) root.unmount();
    (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  });

  async function open(app: ReactNode) {
    const todo = new Source("todo", new Todo());
    const element = document.body.appendChild(document.createElement("main"));
    const root = createRoot(element);
    roots.push(root);
    root.render(<ClientContext value={join(todo)}>{app}</ClientContext>);
    await soon(() => expect(element.childElementCount).toBeGreaterThan(0));
    let n = 0;
    /** Changes the store some times, less far apart than the readers take to render; more would leave React no time for a transition. */
    async function change(): Promise<string> {
      for (let i = 0; i < 8; i++) {
        todo.run((store) => {
          store.draft = String(++n);
          store.theme = String(n);
        });
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      return String(n);
    }
    return { element, change, shown: record(element), button: element.querySelector("button") as HTMLButtonElement };
  }

  test("readers that are rendered in a transition while the store changes never show two states, and end with the last", async () => {
    const { element, change, shown, button } = await open(<Updating />);
    let last = "";
    for (let n = 1; n <= 3; n++) {
      button.click();
      last = await change();
      await soon(() => expect(button.title).toBe(`done ${n}`));
    }
    await soon(() => expect(element.querySelector("li")?.textContent).toBe(last));
    expect([torn(shown), new Set(shown.map(([text]) => text)).size > 3]).toEqual([[], true]);
  });

  test("readers that appear in a transition while the store changes show one state, the newest", async () => {
    const { element, change, shown, button } = await open(<Mounting />);
    button.click();
    const last = await change();
    await soon(() => expect(element.querySelectorAll("li")).toHaveLength(READERS.length));
    await soon(() => expect(element.querySelector("li")?.textContent).toBe(last));
    expect(torn(shown)).toEqual([]);
    expect(element.querySelector("p")?.textContent).toBe(last);
  });

  test("a deferred view is of one state in all who are given it, keeps behind while the store changes, and ends with the last", async () => {
    const { element, change, shown } = await open(<Deferring />);
    const last = await change();
    await soon(() => expect(element.querySelector("li")?.textContent).toBe(`${last}/${last}`));
    expect(torn(shown)).toEqual([]);
    expect(shown.length).toBeGreaterThan(2);
    for (const [text = ""] of shown) expect(text.split("/")[0] === text.split("/")[1] || text === "/light").toBe(true);
  });
});

describe("under the compiler too, as `observer` does not", () => {
  test("a component that stands by itself shows each change", async () => {
    const todo = new Source("todo", new Todo());
    const page = await show(join(todo), <Plain />);
    for (let n = 2; n <= 4; n++) {
      await act(async () => todo.run((store) => store.add(`item ${n}`)));
      expect(page.text).toBe(String(n));
    }
  });

  // If this fails with the compiler, `observer` has learned it, and our documentation is to say so.
  test("but an observer of the live twin does so only where the compiler leaves it alone", async () => {
    const todo = new Source("todo", new Todo());
    const page = await show(join(todo), <Observed />);
    await act(async () => todo.run((store) => store.add("eggs")));
    await act(async () => todo.run((store) => store.add("salt")));
    expect(page.text === "3").toBe(!COMPILED);
    expect(vi.mocked(console.warn).mock.calls.flat()).toEqual(COMPILED ? [expect.stringContaining("`Live` uses `useLiveTodo`")] : []);
    vi.mocked(console.warn).mockClear();
  });

  test("what is made of a store's values, and objects of it in props, follow each change", async () => {
    const todo = new Source("todo", new Todo());
    const page = await show(
      join(todo),
      <StrictMode>
        <Derived />
      </StrictMode>,
    );
    const shown = () => [page.element.querySelector("section")?.title, page.element.querySelector("section")?.style.order, page.text];
    expect(shown()).toEqual(["1 of 2, 5", "1", "milk "]);
    await act(async () => todo.run((store) => (store.items[1]!.done = false)));
    expect(shown()).toEqual(["2 of 2, 5", "2", "milk bread "]);
    await act(async () => todo.run((store) => (store.items[0]!.title = "oat milk")));
    expect(shown()).toEqual(["2 of 2, 8", "2", "oat milk bread "]);
    await act(async () => todo.run((store) => (store.draft = "note")));
    expect(shown()[2]).toBe("oat milk bread note");
    await act(async () => todo.run((store) => store.items.shift()));
    expect(shown()).toEqual(["1 of 1, 5", "1", "bread note"]);
  });

  test("an event handler sees the state that is on screen, also of fields that were not rendered", async () => {
    const todo = new Source("todo", new Todo());
    const page = await show(join(todo), <Handlers />);
    const button = page.element.querySelector("button") as HTMLButtonElement;
    await act(async () => button.click());
    expect(page.text).toBe(" 2");
    await act(async () => todo.run((store) => (store.theme = "dark")));
    await act(async () =>
      todo.run((store) => {
        store.draft = "x";
        store.add("eggs");
      }),
    );
    await act(async () => button.click());
    expect(page.text).toBe("x 3");
    renders("Handlers");
    // From now on they are read.
    await act(async () => todo.run((store) => store.add("salt")));
    expect(renders("Handlers")).toBe(1);
  });
});
