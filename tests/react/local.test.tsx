import { act, memo, StrictMode, Suspense, use, useActionState, useEffect, useMemo } from "react";
import { createRoot } from "react-dom/client";
import type { View } from "twinstate";
import { type LocalInit, useEvent, useField, useLocal } from "twinstate/react";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { userEvent } from "vitest/browser";
import { Boundary } from "./kit/boundary.js";
import { Draft, type Line, lives } from "./kit/draft.js";
import { type Joined, join, Source } from "./kit/joined.js";
import { hydrate, type Page, renders, serverHtml, show, soon, useCount } from "./kit/page.js";
import { LocalPage } from "./kit/pages.js";
import { Todo } from "./kit/stores.js";

let drafts: View<Draft>[] = [];
beforeEach(() => {
  drafts = [];
  lives.length = 0;
});

const client = (): Joined => join(new Source("todo", new Todo()));
const click = (page: Page, title: string) => act(async () => page.element.querySelector<HTMLElement>(`[title="${title}"]`)?.click());
const texts = (page: Page, selector: string) => [...page.element.querySelectorAll(selector)].map((element) => element.textContent);

const Row = memo(function Row({ line }: { line: View<Line> }) {
  useCount("Row");
  const label = useMemo(() => line.label, [line.label]);
  return (
    <li>
      <button type="button" title={`toggle ${line.text}`} onClick={() => line.toggle()}>
        {label}
      </button>
    </li>
  );
});

function Lines({ lines }: { lines: View<Draft>["lines"] }) {
  return (
    <ul>
      {lines.map((line) => (
        <Row key={line.text} line={line} />
      ))}
    </ul>
  );
}

function Form({ init = Draft, name = "" }: { init?: LocalInit<Draft>; name?: string }) {
  useCount(`Form${name}`);
  const draft = useLocal(init);
  useEffect(() => void drafts.push(draft), [draft]);
  return (
    <section>
      <h1>{draft.title}</h1>
      <b>{draft.left}</b>
      <Lines lines={draft.lines} />
      <button type="button" title={`add${name}`} onClick={() => draft.add({ text: `line ${draft.lines.length}` })} />
      <button type="button" title={`rename${name}`} onClick={() => draft.setTitle(`title${name}`)} />
      <button type="button" title={`note${name}`} onClick={() => draft.setNote("unread")} />
      <button type="button" title={`fail${name}`} onClick={() => draft.fail().catch(() => {})} />
    </section>
  );
}

test("a component shows its store, and renders again only if something has changed that it has read", async () => {
  const page = await show(client(), <Form />);
  renders("Form");
  await click(page, "add");
  await click(page, "add");
  expect([texts(page, "h1"), texts(page, "b"), texts(page, "li")]).toEqual([["untitled"], ["2"], ["- line 0", "- line 1"]]);
  renders("Form");
  renders("Row");
  await click(page, "note");
  await click(page, "fail");
  expect([renders("Form"), renders("Row")]).toEqual([0, 0]);
  await click(page, "toggle line 0");
  expect([texts(page, "li"), texts(page, "b"), renders("Form"), renders("Row")]).toEqual([["x line 0", "- line 1"], ["1"], 1, 1]);
});

function Two() {
  return (
    <>
      <Form name="1" />
      <Form name="2" />
    </>
  );
}

test("behaviour 95: two components of one class are independent, and rendering them twice makes no third", async () => {
  // React mounts twice what comes into a strict tree that is there.
  const page = await show(client(), <StrictMode />);
  await page.render(
    <StrictMode>
      <Two />
    </StrictMode>,
  );
  await click(page, "add1");
  await click(page, "add1");
  await click(page, "rename2");
  await page.render(
    <StrictMode>
      <Two />
    </StrictMode>,
  );
  expect([texts(page, "h1"), texts(page, "b")]).toEqual([
    ["untitled", "title2"],
    ["2", "0"],
  ]);
  renders("Form2");
  await click(page, "add1");
  expect(renders("Form2")).toBe(0);
  // Each has begun once, though StrictMode mounts each twice.
  expect(new Set(drafts.map(({ created }) => created))).toEqual(new Set([1]));
  expect(lives).toEqual(["load", "load", "dispose", "dispose", "load", "load"]);
  await page.unmount();
  expect(lives.slice(6)).toEqual(["dispose", "dispose"]);
});

test("a component that mounts again begins anew", async () => {
  const page = await show(client(), <Form key="a" />);
  await click(page, "rename");
  await page.render(<Form key="b" />);
  expect([texts(page, "h1"), lives]).toEqual([["untitled"], ["load", "dispose", "load"]]);
});

test("a function says what a store begins with: it is asked once, and a later one changes nothing", async () => {
  const page = await show(client(), <Form init={() => new Draft("first")} />);
  await click(page, "add");
  await page.render(<Form init={() => new Draft("second")} />);
  expect([texts(page, "h1"), texts(page, "b")]).toEqual([["first"], ["1"]]);
});

test("another class, as hot reload gives, is another store", async () => {
  const page = await show(client(), <Form />);
  await click(page, "rename");
  class Other extends Draft {
    override title = "other";
  }
  await page.render(<Form init={Other} />);
  expect(texts(page, "h1")).toEqual(["other"]);
});

test("the server renders what the class begins with, and the page hydrates on it, without a mismatch", async () => {
  const html = await serverHtml("LocalPage");
  expect(html.replaceAll("<!-- -->", "")).toContain("<h1>from the page</h1><b>0 0</b>");
  expect(html).not.toContain("$form");
  const page = await hydrate(client(), html, <LocalPage />);
  // `onCreate` runs once the page is there.
  expect(texts(page, "b")).toEqual(["0 1"]);
  await click(page, "add");
  expect(texts(page, "b")).toEqual(["1 1"]);
});

function Waiting({ promise }: { promise: Promise<string> }) {
  const draft = useLocal(Draft);
  return (
    <>
      <i>{use(promise)}</i>
      <b>{draft.created}</b>
    </>
  );
}

test("a first render that React throws away leaves nothing behind, and the next one has its own store", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const page = await show(
    client(),
    <Suspense fallback="wait">
      <Waiting promise={promise} />
    </Suspense>,
  );
  expect([page.text, lives]).toEqual(["wait", []]);
  await act(async () => resolve("here"));
  expect([page.text, lives]).toEqual(["here1", ["load"]]);
});

function Fields() {
  const draft = useLocal(Draft);
  const title = useField(draft, "title");
  const note = useField(draft, "note");
  return (
    <>
      <input aria-label="Title" {...title} />
      <input aria-label="Note" {...note} />
      <em>{title.error?.message}</em>
      <output>{`${draft.title} ${draft.note}`}</output>
    </>
  );
}

test("`useField` binds its values, and shows what schemas refuse", async () => {
  const page = await show(client(), <Fields />);
  const [title, note] = page.element.querySelectorAll("input") as unknown as [HTMLInputElement, HTMLInputElement];
  const typed = (input: HTMLInputElement, text: string) =>
    act(async () => {
      await userEvent.fill(input, text);
      await new Promise((resolve) => setTimeout(resolve, 10));
    });
  await typed(title, "short");
  await typed(note, "kept");
  expect([texts(page, "output"), texts(page, "em"), title.value]).toEqual([["short kept"], [""], "short"]);
  await typed(title, "much too long");
  expect([texts(page, "output"), texts(page, "em"), title.value]).toEqual([["short kept"], ["Too long"], "much too long"]);
  await typed(title, "again");
  expect([texts(page, "output"), texts(page, "em")]).toEqual([["again kept"], [""]]);
});

function Action() {
  const draft = useLocal(Draft);
  const [state, add] = useActionState(draft.add.form, undefined);
  return (
    <form action={add}>
      <input name="text" aria-label="Text" defaultValue={state?.fields.text} />
      <em>{state?.errors.text?.join()}</em>
      <output>{draft.lines.map(({ text }) => text).join()}</output>
      <button type="submit" title="send" />
    </form>
  );
}

test("its events are actions of forms, with the errors of their fields", async () => {
  const page = await show(client(), <Action />);
  // What sends forms is a chunk that is loaded by then.
  await import("../../client/submit.js");
  const send = (text: string) =>
    act(async () => {
      (page.element.querySelector("input") as HTMLInputElement).value = text;
      page.element.querySelector("form")?.requestSubmit();
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
  await send("x");
  expect([texts(page, "em"), texts(page, "output")]).toEqual([["Too short"], [""]]);
  await send("milk");
  expect([texts(page, "em"), texts(page, "output")]).toEqual([[""], ["milk"]]);
});

function Saving({ send }: { send: (title: string) => Promise<string> }) {
  const draft = useLocal(Draft);
  const [save, { pending, value, error }] = useEvent(draft.save);
  return (
    <button type="button" title="save" onClick={() => save(send)}>
      {[draft.note, pending, value, error?.message].join()}
    </button>
  );
}

test("`useEvent` follows an async event, whose effect after an `await` acts in the page", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const joined = client();
  const effects: unknown[] = [];
  joined.onEffect((...effect) => effects.push(effect));
  const page = await show(joined, <Saving send={() => promise} />);
  await click(page, "save");
  expect(page.text).toBe("saving,true,,");
  await act(async () => resolve("saved"));
  expect([page.text, effects]).toEqual(["saved,false,saved,", [["toast", ["saved"]]]]);
});

function Failing() {
  const draft = useLocal(Draft);
  return <button type="button" title="go" onClick={() => void draft.fail()} />;
}

test("what fails and nobody awaits is told to the page's `onError`", async () => {
  const joined = client();
  const errors: unknown[] = [];
  joined.onError((error) => errors.push(error.code));
  const page = await show(joined, <Failing />);
  await click(page, "go");
  await soon(() => expect(errors).toEqual(["FORBIDDEN"]));
});

test("no provider is needed: built-in effects work all the same", async () => {
  const element = document.body.appendChild(document.createElement("main"));
  const root = createRoot(element);
  onTestFinished(() => {
    for (const toast of document.querySelectorAll(".twin-toast")) toast.remove();
  });
  await act(async () => root.render(<Saving send={async () => "well saved"} />));
  await act(async () => element.querySelector("button")?.click());
  await soon(() => expect(document.querySelector(".twin-toast")?.textContent).toContain("well saved"));
  await act(async () => root.unmount());
});

class Bare {
  title = "";
}
const made = new Draft();
function Wrong({ init }: { init: unknown }) {
  return <b>{useLocal(init as typeof Draft).title}</b>;
}

test.each([
  ["a class without decorators", Bare, "the class `Bare` has neither `@state` nor `@event`"],
  ["an instance", new Draft(), "`useLocal(() => new Draft(title))`: got an instance of `Draft`"],
  ["a function that makes nothing", () => undefined, "got undefined"],
  ["a function that gives the same instance to two components", () => made, "an instance of `Draft` that is a store already"],
])("%s is refused", async (_, init, message) => {
  const page = await show(
    client(),
    <Boundary>
      <Wrong init={init} />
      <Wrong init={init} />
    </Boundary>,
  );
  expect(page.text).toContain(message);
});
