import { Activity, type ReactNode, StrictMode, Suspense, useEffect, useState } from "react";
import { createRoot, type Root } from "react-dom/client";
import { createHooks, useConnection, useField } from "twinstate/react";
import { afterEach, beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { Boundary } from "./kit/boundary.js";
import { TwinProvider as Provider, type Twin, useBoard, useTodo } from "./kit/hooks.js";
import { preload, Source } from "./kit/joined.js";
import { soon } from "./kit/page.js";
import { Book, Shelf, Todo } from "./kit/stores.js";

// The session that a real page has by its very first request.
beforeAll(async () => {
  const body = JSON.stringify({ key: "first", args: ["x"] });
  const response = await fetch("/api/twin/board.rename", { method: "POST", body, headers: { "content-type": "application/json" } });
  expect(response.status).toBe(200);
});

// These pages talk to a real server: what they wait for is the network, which no `act` knows.
beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = false;
});

const roots: Root[] = [];
afterEach(async () => {
  for (const root of roots.splice(0)) root.unmount();
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
});

function open(app: ReactNode): { element: HTMLElement; root: Root } {
  const element = document.body.appendChild(document.createElement("main"));
  const root = createRoot(element, { onCaughtError: () => {} });
  roots.push(root);
  root.render(<StrictMode>{app}</StrictMode>);
  return { element, root };
}

function Room({ room }: { room: string }) {
  const board = useBoard(room);
  const [answer, setAnswer] = useState("");
  return (
    <>
      <h1>{board.title}</h1>
      <button type="button" onClick={async () => setAnswer(String(await board.rename("renamed")))}>
        rename
      </button>
      <output>{answer}</output>
    </>
  );
}

const retitle = (items: readonly object[]) => Object.assign(items[0] as object, { title: "mine" });

function Careless() {
  const { items } = useTodo();
  return (
    <button type="button" onClick={() => retitle(items)}>
      change
    </button>
  );
}

function Title({ room }: { room: string }) {
  const board = useBoard(room);
  return <input {...useField(board.title, board.rename.debounce(60_000))} />;
}

const knowing = createHooks<Twin>({ stores: { shelf: Shelf }, models: { Book } });

function Books() {
  const shelf = knowing.useShelf();
  return (
    <>
      <p>
        {shelf.shown.length} {String(shelf.books[0] instanceof Book)} {shelf.books[0]?.words.join("-")}
      </p>
      <button type="button" onClick={() => void shelf.add("red book")}>
        add
      </button>
    </>
  );
}

function Do({ what }: { what: "fail" | "welcome" }) {
  const todo = useTodo();
  return (
    <button type="button" onClick={() => void todo[what]()}>
      {what}
    </button>
  );
}

function Online({ onStatus }: { onStatus(status: string): void }) {
  const { status } = useConnection();
  useEffect(() => onStatus(status), [status, onStatus]);
  return null;
}

function Draft({ onDraft }: { onDraft(draft: string): void }) {
  const { draft } = useTodo();
  useEffect(() => onDraft(draft), [draft, onDraft]);
  return <p>{draft}</p>;
}

/** The route of this file: pages of other files neither share its stream nor are cut off with it. */
const url = `/api/twin/${crypto.randomUUID()}`;
const TwinProvider: typeof Provider = (props) => <Provider url={url} {...props} />;
const site = (what: "cut" | "mend" | "streams") => fetch(`/${what}?route=${url}`);

const byTag = (element: HTMLElement, tag: string) => element.querySelector(tag)?.textContent;
const click = (element: HTMLElement) => element.querySelector("button")?.click();

test("a page whose hooks know the classes has their getters and models", async () => {
  const page = (
    <knowing.TwinProvider>
      <Suspense fallback={<i>wait</i>}>
        <Books />
      </Suspense>
    </knowing.TwinProvider>
  );
  const { element } = open(page);
  await soon(() => expect(byTag(element, "p")).toBe("0 false "));
  click(element);
  await soon(() => expect(byTag(element, "p")).toBe("1 true red-book"));
});

test("a page without preload shows its state, and what its events change", async () => {
  const room = crypto.randomUUID();
  const page = (
    <TwinProvider>
      <Suspense fallback={<i>wait</i>}>
        <Room room={room} />
      </Suspense>
    </TwinProvider>
  );
  const [one, two] = [open(page), open(page)];
  await soon(() => expect([byTag(one.element, "h1"), byTag(two.element, "h1")]).toEqual(["", ""]));
  click(one.element);
  await soon(() => expect([byTag(one.element, "output"), byTag(one.element, "h1"), byTag(two.element, "h1")]).toEqual(["7", "renamed", "renamed"]));
});

test.for([
  [undefined, "$socket"],
  ["binary", "$socket/binary"],
] as const)("a page whose provider is to use sockets asks for one, and does without where there is none: wire %s", async ([wire, path]) => {
  const asked: string[] = [];
  vi.stubGlobal(
    "WebSocket",
    class {
      constructor(url: string) {
        asked.push(url);
        throw new Error("no sockets here");
      }
    },
  );
  onTestFinished(() => void vi.unstubAllGlobals());
  const { element } = open(
    <TwinProvider transport="websocket" wire={wire}>
      <Suspense fallback={<i>wait</i>}>
        <Room room={crypto.randomUUID()} />
      </Suspense>
    </TwinProvider>,
  );
  await soon(() => expect(byTag(element, "h1")).toBe(""));
  expect(asked).toEqual([new URL(`${url}/${path}`, location.href).href.replace("http", "ws")]);
});

test("a page whose provider waits with it, inside one boundary, comes up all the same", async () => {
  const { element } = open(
    <Suspense fallback={<i>wait</i>}>
      <TwinProvider>
        <Room room={crypto.randomUUID()} />
      </TwinProvider>
    </Suspense>,
  );
  await soon(() => expect(byTag(element, "h1")).toBe(""));
  click(element);
  await soon(() => expect(byTag(element, "h1")).toBe("renamed"));
});

test("a room that lets nobody in takes its component to the error boundary", async () => {
  const { element } = open(
    <TwinProvider>
      <Boundary>
        <Suspense fallback={<i>wait</i>}>
          <Room room="closed" />
        </Suspense>
      </Boundary>
    </TwinProvider>,
  );
  await soon(() => expect(byTag(element, "em")).toBe("FORBIDDEN: `board` does not let you into `closed`."));
});

test("a failure that nobody awaits goes to `onError`, the latest one", async () => {
  const told: string[] = [];
  const page = (name: string) => (
    <TwinProvider onError={(error) => void told.push(`${name} ${error.code}: ${error.message}`)}>
      <Suspense fallback={<i>wait</i>}>
        <Do what="fail" />
      </Suspense>
    </TwinProvider>
  );
  const { element, root } = open(page("first"));
  root.render(<StrictMode>{page("second")}</StrictMode>);
  await soon(() => expect(byTag(element, "button")).toBe("fail"));
  click(element);
  await soon(() => expect(told).toEqual(["second FORBIDDEN: Not you."]));
});

test("without `onError` a failure that nobody awaits is written to the console, once", async () => {
  const { element } = open(
    <TwinProvider>
      <Suspense fallback={<i>wait</i>}>
        <Do what="fail" />
      </Suspense>
    </TwinProvider>,
  );
  await soon(() => expect(byTag(element, "button")).toBe("fail"));
  const written = vi.spyOn(console, "error").mockImplementation(() => {});
  click(element);
  await soon(() => expect(written).toHaveBeenCalled());
  expect(written.mock.calls.map(([error]) => String(error))).toEqual(["EventError: Not you."]);
  written.mockClear();
});

test("a page that its server no longer speaks with tells `onOutdated`, once", async () => {
  const ask = globalThis.fetch;
  // As a page of an earlier version asks.
  globalThis.fetch = (url, init) => ask(url, { ...init, ...(typeof init?.body === "string" && { body: init.body.replace('"protocol":2', '"protocol":0') }) });
  // React tells of what a boundary has caught.
  const written = vi.spyOn(console, "error").mockImplementation(() => {});
  const told = vi.fn();
  const { element } = open(
    <TwinProvider onError={() => {}} onOutdated={told}>
      <Boundary>
        <Suspense fallback={<i>wait</i>}>
          <Do what="fail" />
        </Suspense>
      </Boundary>
    </TwinProvider>,
  );
  await soon(() => expect(told).toHaveBeenCalledTimes(1));
  await soon(() => expect(element.textContent).toContain("OUTDATED"));
  globalThis.fetch = ask;
  written.mockClear();
});

test("effects act as the app says", async () => {
  const done: unknown[] = [];
  const { element } = open(
    <TwinProvider
      effects={{
        toast: (...args) => void done.push(["toast", ...args]),
        redirect: (...args) => void done.push(["redirect", ...args]),
        download: (...args) => void done.push(["download", ...args]),
      }}
    >
      <Suspense fallback={<i>wait</i>}>
        <Do what="welcome" />
      </Suspense>
    </TwinProvider>,
  );
  await soon(() => expect(byTag(element, "button")).toBe("welcome"));
  click(element);
  await soon(() =>
    expect(done).toEqual([
      ["toast", "Welcome", { kind: "info" }],
      ["redirect", "/list"],
      ["download", "/file.txt", "file.txt"],
    ]),
  );
});

test("a page that loses its server says so, and recovers", async () => {
  const room = crypto.randomUUID();
  const seen: string[] = [];
  const onStatus = (status: string) => void seen.push(status);
  const { element } = open(
    <TwinProvider>
      <Online onStatus={onStatus} />
      <Suspense fallback={<i>wait</i>}>
        <Room room={room} />
      </Suspense>
    </TwinProvider>,
  );
  await soon(() => expect(byTag(element, "h1")).toBe(""));
  await site("cut");
  await soon(() => expect(seen.at(-1)).not.toBe("online"));
  click(element);
  await site("mend");
  await soon(() => expect([byTag(element, "h1"), byTag(element, "output"), seen.at(-1)]).toEqual(["renamed", "7", "online"]));
});

test("the connection ends when the provider leaves the page", async () => {
  const page = open(
    <TwinProvider>
      <Suspense fallback={<i>wait</i>}>
        <Room room={crypto.randomUUID()} />
      </Suspense>
    </TwinProvider>,
  );
  await soon(() => expect(byTag(page.element, "h1")).toBe(""));
  page.root.unmount();
  roots.pop();
  await soon(async () => expect(await (await site("streams")).json()).toEqual([]));
});

test("a page that the browser keeps for the way back holds no stream open, and shows the state of now when it is back", async () => {
  const room = crypto.randomUUID();
  const { element } = open(
    <TwinProvider>
      <Suspense fallback={<i>wait</i>}>
        <Room room={room} />
      </Suspense>
    </TwinProvider>,
  );
  const streams = async () => ((await (await site("streams")).json()) as string[]).length;
  await soon(() => expect(byTag(element, "h1")).toBe(""));
  await soon(async () => expect(await streams()).toBe(1));
  dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
  await soon(async () => expect(await streams()).toBe(0));
  const body = JSON.stringify({ key: room, args: ["meanwhile"] });
  await fetch("/api/twin/board.rename", { method: "POST", body, headers: { "content-type": "application/json" } });
  expect([byTag(element, "h1"), await streams()]).toEqual(["", 0]);
  dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  await soon(() => expect(byTag(element, "h1")).toBe("meanwhile"));
  await soon(async () => expect(await (await site("streams")).json()).toEqual([expect.stringContaining("$live")]));
});

test("a page that is hidden for a while connects again when it is shown", async () => {
  const room = crypto.randomUUID();
  const page = (mode: "visible" | "hidden") => (
    <Activity mode={mode}>
      <TwinProvider>
        <Suspense fallback={<i>wait</i>}>
          <Room room={room} />
        </Suspense>
      </TwinProvider>
    </Activity>
  );
  const { element, root } = open(page("visible"));
  await soon(() => expect(byTag(element, "h1")).toBe(""));
  root.render(<StrictMode>{page("hidden")}</StrictMode>);
  await soon(async () => expect(await (await site("streams")).json()).toEqual([]));
  const other = open(page("visible"));
  await soon(() => expect(byTag(other.element, "h1")).toBe(""));
  click(other.element);
  await soon(() => expect(byTag(other.element, "h1")).toBe("renamed"));
  root.render(<StrictMode>{page("visible")}</StrictMode>);
  await soon(() => expect(byTag(element, "h1")).toBe("renamed"));
});

test("what `preload` brings shows with the first render", async () => {
  const seen: string[] = [];
  const onDraft = (draft: string) => void seen.push(draft);
  open(
    <TwinProvider preload={preload(new Source("todo", Object.assign(new Todo(), { draft: "from the page" })))}>
      <Draft onDraft={onDraft} />
    </TwinProvider>,
  );
  await soon(() => expect(seen.length).toBeGreaterThan(0));
  expect(seen[0]).toBe("from the page");
});

test("an effect that throws is written to the console, and the page goes on", async () => {
  const { element } = open(
    <TwinProvider
      effects={{
        toast() {
          throw new Error("no toaster");
        },
        redirect: (url) => void seen.push(url),
        download() {},
      }}
    >
      <Suspense fallback={<i>wait</i>}>
        <Do what="welcome" />
      </Suspense>
    </TwinProvider>,
  );
  const seen: string[] = [];
  await soon(() => expect(byTag(element, "button")).toBe("welcome"));
  const written = vi.spyOn(console, "error").mockImplementation(() => {});
  click(element);
  await soon(() => expect(seen).toEqual(["/list"]));
  expect(written.mock.calls.map(([error]) => String(error))).toEqual(["Error: no toaster"]);
  written.mockClear();
});

test("hooks keep their identity, and what is no hook is `undefined`", () => {
  const hooks = createHooks() as unknown as Record<string, unknown>;
  expect(hooks.useTodo).toBe(hooks.useTodo);
  expect(hooks.TwinProvider).toBe(hooks.TwinProvider);
  for (const name of ["then", "$$typeof", "toJSON", "usetodo", "use"]) expect(hooks[name]).toBeUndefined();
});

test("a page that ends sends what is held back, in requests that outlive it, as far as browsers take them", async () => {
  const rooms = ["leaving", "left", "large"].map((name) => `${name} ${crypto.randomUUID()}`);
  const { element } = open(
    <TwinProvider>
      {rooms.map((room) => (
        <Title key={room} room={room} />
      ))}
    </TwinProvider>,
  );
  await soon(() => expect(element.querySelectorAll("input")).toHaveLength(3));
  const asked: { calls: number; keepalive: boolean | undefined }[] = [];
  const { fetch } = globalThis;
  onTestFinished(() => void (globalThis.fetch = fetch));
  globalThis.fetch = async (input, init) => {
    const { pathname } = new URL(String(input), location.href);
    if (pathname.includes("board.rename")) asked.push({ calls: pathname.split(",").length, keepalive: init?.keepalive });
    return fetch(input, init);
  };
  for (const [i, input] of [...element.querySelectorAll("input")].entries()) {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")!.set!.call(input, i === 2 ? "x".repeat(70_000) : `typed ${i}`);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
  window.dispatchEvent(new Event("pagehide"));
  // At once, as nothing of the page runs later.
  expect(asked).toEqual([
    { calls: 2, keepalive: true },
    { calls: 1, keepalive: false },
  ]);
  window.dispatchEvent(new Event("pageshow"));
  const other = open(
    <TwinProvider>
      {rooms.map((room) => (
        <Room key={room} room={room} />
      ))}
    </TwinProvider>,
  );
  await soon(() => expect([...other.element.querySelectorAll("h1")].map((title) => title.textContent?.slice(0, 7))).toEqual(["typed 0", "typed 1", "xxxxxxx"]));
});

test("in development, a provider inside another one is told of", async () => {
  const warn = vi.mocked(console.warn);
  const one = open(
    <TwinProvider>
      <Room room="nested" />
    </TwinProvider>,
  );
  await soon(() => expect(one.element.querySelector("h1")).not.toBeNull());
  expect(warn).not.toHaveBeenCalled();
  open(
    <TwinProvider>
      <TwinProvider>
        <i />
      </TwinProvider>
    </TwinProvider>,
  );
  await soon(() => expect(warn).toHaveBeenCalledWith(expect.stringContaining("`<TwinProvider>` stands inside another one")));
  warn.mockClear();
});

test("in development, who changes an object of a view is told which stores the page has, and to call an event", async () => {
  const warn = vi.mocked(console.warn);
  const { element } = open(
    <TwinProvider>
      <Careless />
    </TwinProvider>,
  );
  await soon(() => expect(element.querySelector("button")).not.toBeNull());
  // The test's own page fails with errors that nobody catches.
  const taken = (event: Event) => event.preventDefault();
  window.addEventListener("error", taken);
  onTestFinished(() => window.removeEventListener("error", taken));
  element.querySelector("button")?.click();
  await soon(() =>
    expect(warn).toHaveBeenCalledWith(
      expect.stringMatching(/^If what could not be changed here came from a store of the page \(`todo`\): views cannot be changed\. Call an event/),
    ),
  );
  warn.mockClear();
  // React's own word of it.
  vi.mocked(console.error).mockClear();
});
