import { type ReactNode, StrictMode, Suspense, useEffect, useState } from "react";
import { createRoot, type Root } from "react-dom/client";
import { createHooks, useConnection } from "twinstate/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Boundary } from "./kit/boundary.js";
import { TwinProvider, useBoard, useTodo } from "./kit/hooks.js";

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

const byTag = (element: HTMLElement, tag: string) => element.querySelector(tag)?.textContent;
const click = (element: HTMLElement) => element.querySelector("button")?.click();

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
  await vi.waitFor(() => expect([byTag(one.element, "h1"), byTag(two.element, "h1")]).toEqual(["", ""]));
  click(one.element);
  await vi.waitFor(() => expect([byTag(one.element, "output"), byTag(one.element, "h1"), byTag(two.element, "h1")]).toEqual(["7", "renamed", "renamed"]));
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
  await vi.waitFor(() => expect(byTag(element, "em")).toBe("FORBIDDEN: `board` does not let you into `closed`."));
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
  await vi.waitFor(() => expect(byTag(element, "button")).toBe("fail"));
  click(element);
  await vi.waitFor(() => expect(told).toEqual(["second FORBIDDEN: Not you."]));
});

test("without `onError` a failure that nobody awaits is written to the console, once", async () => {
  const { element } = open(
    <TwinProvider>
      <Suspense fallback={<i>wait</i>}>
        <Do what="fail" />
      </Suspense>
    </TwinProvider>,
  );
  await vi.waitFor(() => expect(byTag(element, "button")).toBe("fail"));
  const written = vi.spyOn(console, "error").mockImplementation(() => {});
  click(element);
  await vi.waitFor(() => expect(written).toHaveBeenCalled());
  expect(written.mock.calls.map(([error]) => String(error))).toEqual(["EventError: Not you."]);
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
  await vi.waitFor(() => expect(byTag(element, "button")).toBe("welcome"));
  click(element);
  await vi.waitFor(() =>
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
  await vi.waitFor(() => expect(byTag(element, "h1")).toBe(""));
  await fetch("/cut");
  await vi.waitFor(() => expect(seen.at(-1)).not.toBe("online"), { timeout: 5000 });
  click(element);
  await fetch("/mend");
  await vi.waitFor(() => expect([byTag(element, "h1"), byTag(element, "output"), seen.at(-1)]).toEqual(["renamed", "7", "online"]), { timeout: 10_000 });
});

test("the connection ends when the provider leaves the page", async () => {
  const page = open(
    <TwinProvider>
      <Suspense fallback={<i>wait</i>}>
        <Room room={crypto.randomUUID()} />
      </Suspense>
    </TwinProvider>,
  );
  await vi.waitFor(() => expect(byTag(page.element, "h1")).toBe(""));
  page.root.unmount();
  roots.pop();
  await vi.waitFor(async () => expect(await (await fetch("/streams")).text()).toBe("0"));
});

test("hooks keep their identity, and what is no hook is `undefined`", () => {
  const hooks = createHooks() as unknown as Record<string, unknown>;
  expect(hooks.useTodo).toBe(hooks.useTodo);
  expect(hooks.TwinProvider).toBe(hooks.TwinProvider);
  for (const name of ["then", "$$typeof", "toJSON", "usetodo", "use"]) expect(hooks[name]).toBeUndefined();
});
