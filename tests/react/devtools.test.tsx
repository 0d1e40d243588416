import { type ReactNode, StrictMode, Suspense, useEffect } from "react";
import { createRoot, type Root } from "react-dom/client";
import type { View } from "twinstate";
import { createHooks, useConnection } from "twinstate/react";
import { TwinDevtools } from "twinstate/react/devtools";
import { afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type Locator, page, userEvent } from "vitest/browser";
import type { Scoped } from "../../server/definition/scope.js";
import { Boundary } from "./kit/boundary.js";
import { useBoard } from "./kit/hooks.js";
import { Lab } from "./kit/lab.js";
import { hold } from "./kit/line.js";
import { renders, soon, useCount } from "./kit/page.js";

interface Twin {
  readonly "~stores": { lab: Scoped<"room", Lab> };
  readonly "~models": {};
}

const { TwinProvider, useLab } = createHooks<Twin>({ stores: { lab: Lab } });

/** Calls an event, but not by the page's client. */
async function elsewhere(room: string, event: string, ...args: unknown[]): Promise<void> {
  const body = JSON.stringify({ key: room, args });
  const response = await fetch(`/api/twin/lab.${event}`, { method: "POST", body, headers: { "content-type": "application/json" } });
  expect(response.status).toBe(200);
}

// The session that a real page has by its very first request.
beforeAll(() => elsewhere("first", "increase"));

// These pages talk to a real server, and the tools have a root of their own: no `act` knows of either.
beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = false;
});

const roots: Root[] = [];
afterEach(async () => {
  for (const root of roots.splice(0)) root.unmount();
  sessionStorage.clear();
  await soon(() => expect(document.querySelector("twinstate-devtools")).toBeNull());
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
});

function Title({ room }: { room: string }) {
  useCount("Title");
  const lab = useLab(room);
  return <h1>{lab.title}</h1>;
}

function Closed() {
  useBoard("closed");
  return null;
}

function Status() {
  const { status, pending } = useConnection();
  return <output>{`${status} ${pending}`}</output>;
}

/** Hands out the store, to call its events. */
function Hand({ room, take }: { room: string; take(lab: View<Lab>): void }) {
  const lab = useLab(room);
  useEffect(() => take(lab), [lab, take]);
  return null;
}

/** Opens a page with the tools, and waits until its store is there. */
async function open({ tools = <TwinDevtools /> }: { tools?: ReactNode } = {}) {
  const room = crypto.randomUUID().slice(0, 8);
  let lab: View<Lab> | undefined;
  const take = (next: View<Lab>) => {
    lab = next;
  };
  const root = createRoot(document.body.appendChild(document.createElement("main")));
  roots.push(root);
  root.render(
    <StrictMode>
      <TwinProvider onError={() => {}}>
        <Suspense fallback={<i>wait</i>}>
          <Title room={room} />
          <Hand room={room} take={take} />
        </Suspense>
        <Status />
        {tools}
      </TwinProvider>
    </StrictMode>,
  );
  await soon(() => expect(lab).toBeDefined());
  return {
    room,
    get lab() {
      return lab as View<Lab>;
    },
    title: page.getByRole("heading", { level: 1 }),
    status: page.getByRole("status"),
  };
}

const button = (name: string) => page.getByRole("button", { name });
const opener = button("Open the twinstate devtools");
const panel = page.getByRole("region", { name: "twinstate devtools" });

/** Opens the tools at one of their tabs. */
async function at(tab: "State" | "Events" | "Network" | "Predictions") {
  if (opener.query()) await opener.click();
  await panel.getByRole("tab", { name: tab }).click();
  return panel.getByRole("tabpanel", { name: tab });
}

/** Waits until an element has the focus. */
const focused = (locator: Locator) => soon(() => expect(locator.element().matches(":focus")).toBe(true));

/** The texts of a table's cells, row by row. */
const cells = (name: string) =>
  panel
    .getByRole("table", { name })
    .getByRole("row")
    .elements()
    .slice(1)
    .map((row) => [...row.children].map(({ textContent }) => textContent));

describe("the panel", () => {
  test("is a button until it is opened, by mouse or keyboard; Escape closes it, and the focus comes back", async () => {
    await open();
    await expect.element(opener).toBeVisible();
    expect(panel.query()).toBeNull();
    opener.element().focus();
    await userEvent.keyboard("{Enter}");
    await focused(panel.getByRole("tab", { name: "State" }));
    await userEvent.keyboard("{ArrowRight}");
    await focused(panel.getByRole("tab", { name: "Events" }));
    await expect.element(panel.getByRole("tabpanel", { name: "Events" })).toBeVisible();
    await userEvent.keyboard("{ArrowLeft}{ArrowLeft}");
    await expect.element(panel.getByRole("tab", { name: "Predictions" })).toHaveAttribute("aria-selected", "true");
    await userEvent.keyboard("{Escape}");
    await focused(opener);
    expect(panel.query()).toBeNull();
  });

  test("is as high as it was pulled, and a page that comes back finds it as it was", async () => {
    await open();
    await at("Network");
    const height = () => panel.element().getBoundingClientRect().height;
    const before = height();
    panel.getByRole("separator", { name: "Height" }).element().focus();
    await userEvent.keyboard("{ArrowUp}{ArrowUp}");
    await soon(() => expect(height()).toBe(before + 40));
    for (const root of roots.splice(0)) root.unmount();
    await soon(() => expect(panel.query()).toBeNull());
    await open();
    await expect.element(panel.getByRole("tabpanel", { name: "Network" })).toBeVisible();
    expect(height()).toBe(before + 40);
  });

  test("covers nothing of the page that could not be scrolled to", async () => {
    await open();
    await opener.click();
    await panel.getByRole("tab", { name: "State" }).click();
    const end = document.body.appendChild(document.createElement("p"));
    end.textContent = "the end";
    end.style.marginTop = "2000px";
    end.scrollIntoView({ block: "end" });
    await soon(() => {
      window.scrollTo(0, document.documentElement.scrollHeight);
      expect(end.getBoundingClientRect().bottom).toBeLessThanOrEqual(panel.element().getBoundingClientRect().top);
    });
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(document.documentElement.style.paddingBottom).toBe(""));
    end.remove();
  });

  test("neither takes the page's styles, nor lets the page hear what happens in it", async () => {
    const style = document.head.appendChild(document.createElement("style"));
    style.textContent = "* { color: rgb(1, 2, 3) !important; font-size: 40px !important }";
    const heard: string[] = [];
    const hear = ({ type }: Event) => heard.push(type);
    for (const name of ["keydown", "click", "pointerdown", "focusin"]) document.addEventListener(name, hear);
    await open();
    await at("State");
    await userEvent.keyboard("{ArrowRight}");
    const { color, fontSize } = getComputedStyle(panel.getByRole("tab", { name: "Events" }).element());
    for (const name of ["keydown", "click", "pointerdown", "focusin"]) document.removeEventListener(name, hear);
    style.remove();
    expect([color === "rgb(1, 2, 3)", fontSize]).toEqual([false, "12px"]);
    expect(heard).toEqual([]);
  });

  test("costs the page no render", async () => {
    const app = await open({ tools: null });
    await app.lab.fill(10);
    renders("Title");
    await app.lab.rename("second");
    const alone = renders("Title");
    for (const root of roots.splice(0)) root.unmount();
    const looked = await open();
    await looked.lab.fill(10);
    await at("State");
    renders("Title");
    await looked.lab.retitle(1, "other");
    await looked.lab.increase();
    await looked.lab.rename("second");
    await expect.element(panel.getByText('title "second"')).toBeVisible();
    expect(renders("Title")).toBe(alone);
  });
});

describe("the state", () => {
  test("is a tree of each store, with its room's key, revision, and values of all kinds", async () => {
    const { room, lab } = await open();
    await lab.rename("second");
    const state = await at("State");
    await expect.element(state.getByRole("button", { name: `lab ${room}` })).toHaveAttribute("aria-expanded", "true");
    await expect.element(state.getByText("revision 1")).toBeVisible();
    await expect.element(state.getByText(/^incarnation [\w-]+$/)).toBeVisible();
    await expect.element(state.getByText(/^\d+ B received$/)).toBeVisible();
    for (const text of ['title "second"', "since Date 1970-01-01T00:00:00.000Z", "big 100000000000000000000n", "gone undefined", "count 0", "rows Array(0)"])
      await expect.element(state.getByText(text, { exact: true })).toBeVisible();
    await state.getByRole("button", { name: "ages Map(1)" }).click();
    await expect.element(state.getByText('"ada" → 36')).toBeVisible();
    await state.getByRole("button", { name: "tags Set(1)" }).click();
    await expect.element(state.getByText('0 "new"')).toBeVisible();
    await state.getByRole("button", { name: "nested { deep: {…} }" }).click();
    await state.getByRole("button", { name: "deep { deeper: Array(3) }" }).click();
    await state.getByRole("button", { name: "deeper Array(3)" }).click();
    await expect.element(state.getByText("2 3", { exact: true })).toBeVisible();
    await state.getByRole("button", { name: `lab ${room}` }).click();
    expect(state.getByText('title "second"').query()).toBeNull();
  });

  test("flashes where it has just changed, and nowhere else", async () => {
    const { lab } = await open();
    await lab.fill(2);
    const state = await at("State");
    await state.getByRole("button", { name: "rows Array(2)" }).click();
    const flashes = (text: string) => state.getByText(text).element().closest(".changed") !== null;
    await lab.retitle(1, "other");
    const changed = '1 { id: 1, title: "other" }';
    await expect.element(state.getByText(changed)).toBeVisible();
    expect([flashes(changed), flashes("rows Array(2)"), flashes('0 { id: 0, title: "row 0" }'), flashes('title "first"')]).toEqual([true, true, false, false]);
  });

  test("of 10,000 rows shows a hundred of them at once, when it is asked for them", async () => {
    const { lab } = await open();
    await lab.fill(10_000);
    const state = await at("State");
    await state.getByRole("button", { name: "rows Array(10000)" }).click();
    await expect.element(state.getByRole("button", { name: "[9900 … 9999]" })).toBeInTheDocument();
    const items = () => state.getByRole("listitem").elements().length;
    expect(items()).toBeLessThan(120);
    await state.getByRole("button", { name: "[9900 … 9999]" }).click();
    await expect.element(state.getByText('9999 { id: 9999, title: "row 9999" }')).toBeInTheDocument();
    expect(items()).toBeLessThan(220);
  });

  test("of a store that is refused tells why", async () => {
    const root = createRoot(document.body.appendChild(document.createElement("main")), { onCaughtError: () => {}, onUncaughtError: () => {} });
    roots.push(root);
    root.render(
      <TwinProvider>
        <Boundary>
          <Suspense>
            <Closed />
          </Suspense>
        </Boundary>
        <TwinDevtools />
      </TwinProvider>,
    );
    await expect.element(opener).toBeVisible();
    const state = await at("State");
    await expect.element(state.getByText("refused FORBIDDEN: `board` does not let you into `closed`.")).toBeVisible();
  });
});

describe("events", () => {
  test("are logged with arguments, number, status, times and the bytes of what they changed, the latest first", async () => {
    const { room, lab } = await open();
    await lab.rename("second");
    await lab.read({ shelf: "a", rows: [1, 2] });
    await lab.refuse().catch(() => {});
    const events = await at("Events");
    await soon(() =>
      expect(cells("Events").map(([name, args, status, n]) => [name, args, status, n])).toEqual([
        [`lab ${room}.refuse`, "", "FORBIDDEN", "3"],
        [`lab ${room}.read`, '{ shelf: "a", rows: Array(2) }', "done", "2"],
        [`lab ${room}.rename`, '"second"', "done", "1"],
      ]),
    );
    const [, read, rename] = cells("Events");
    expect(rename?.slice(4, 7)).toEqual(Array(3).fill(expect.stringMatching(/^[\d.]+ ms$/)));
    expect([read?.[7], rename?.[7]]).toEqual(["", expect.stringMatching(/^\d+ B$/)]);
    await events.getByRole("button", { name: `lab ${room}.read`, exact: true }).click();
    await events.getByRole("button", { name: 'argument 1 { shelf: "a", rows: Array(2) }' }).click();
    await events.getByRole("button", { name: "rows Array(2)" }).click();
    await expect.element(events.getByText("1 2", { exact: true })).toBeVisible();
    await events.getByRole("button", { name: "answer { found: Array(1) }" }).click();
    await expect.element(events.getByRole("button", { name: "found Array(1)" })).toBeVisible();
    await events.getByRole("button", { name: `lab ${room}.refuse`, exact: true }).click();
    await events.getByRole("button", { name: "error Not here." }).click();
    await expect.element(events.getByText('code "FORBIDDEN"')).toBeVisible();
    await events.getByRole("button", { name: "Clear" }).click();
    await expect.element(events.getByText("No event has been called yet.")).toBeVisible();
  });

  test("are called again, with the same arguments", async () => {
    const { room, lab, title } = await open();
    await lab.rename("second");
    await lab.rename("third");
    await at("Events");
    await expect.element(title).toHaveTextContent("third");
    await button(`Replay lab ${room}.rename`).nth(1).click();
    await expect.element(title).toHaveTextContent("second");
    await soon(() => expect(cells("Events")[0]?.slice(0, 4)).toEqual([`lab ${room}.rename`, '"second"', "done", "3"]));
  });

  test("beyond 200 are forgotten", async () => {
    const { lab } = await open();
    await at("Events");
    await Promise.all(Array.from({ length: 210 }, () => lab.increase()));
    await soon(() => expect(cells("Events").map(([, , , n]) => n)).toEqual(Array.from({ length: 200 }, (_, i) => String(210 - i))));
  });
});

describe("the network", () => {
  test("tells how the page is connected, and what the stream brings", async () => {
    const { room, lab } = await open();
    const network = await at("Network");
    await lab.rename("second");
    await expect.element(network.getByText("server-sent events")).toBeVisible();
    await soon(() =>
      expect(cells("Messages").map(([, name, stores, revision]) => [name, stores, revision])).toEqual([
        ["frame", `lab ${room}`, "1"],
        ["snapshot", `lab ${room}`, "0"],
        ["hello", "", ""],
      ]),
    );
    for (const [time, , , , size, ms] of cells("Messages"))
      expect([time, size, ms]).toEqual([
        expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3}$/),
        expect.stringMatching(/^[\d.]+ k?B$/),
        expect.stringMatching(/^[\d.]+ ms$/),
      ]);
  });

  test("offline at a click: the page says so, and what is called meanwhile runs once it is back, once", async () => {
    const app = await open();
    const network = await at("Network");
    await expect.element(app.status).toHaveTextContent("online 0");
    await network.getByRole("checkbox", { name: "Offline" }).click();
    await expect.element(app.status).toHaveTextContent("offline 0");
    expect(navigator.onLine).toBe(false);
    const calls = [app.lab.increase(), app.lab.increase(), app.lab.increase()];
    await expect.element(app.status).toHaveTextContent("offline 3");
    await at("Events");
    await soon(() => expect(cells("Events").map(([, , status]) => status)).toEqual(Array(3).fill(expect.stringMatching(/^sent/))));
    const again = await at("Network");
    await expect.element(again.getByText("offline", { exact: true })).toBeVisible();
    await again.getByRole("checkbox", { name: "Offline" }).click();
    await expect.element(app.status).toHaveTextContent("online 0");
    expect(navigator.onLine).toBe(true);
    expect(await Promise.all(calls)).toEqual([1, 2, 3]);
  });

  test("slow: what is sent and what comes takes so much longer, each way", async () => {
    const { lab } = await open();
    const network = await at("Network");
    await network.getByRole("spinbutton", { name: "Slow: ms each way" }).fill("400");
    await network.getByRole("checkbox", { name: "Slow" }).click();
    const began = performance.now();
    await lab.increase();
    expect(performance.now() - began).toBeGreaterThanOrEqual(800);
    await at("Events");
    await soon(() => expect(Number.parseInt(cells("Events")[0]?.[5] ?? "", 10)).toBeGreaterThanOrEqual(800));
    const again = await at("Network");
    await expect.element(again.getByRole("checkbox", { name: "Slow" })).toBeChecked();
    // So slow that this test would be over before the answer: what is answered was not slow.
    await again.getByRole("spinbutton", { name: "Slow: ms each way" }).fill("60000");
    await again.getByRole("checkbox", { name: "Slow" }).click();
    expect(await lab.increase()).toBe(2);
  });

  test("drop: calls are asked again until they are answered, and a stream that loses something breaks", async () => {
    const app = await open();
    const network = await at("Network");
    await network.getByRole("spinbutton", { name: "Drop: % of requests and answers" }).fill("100");
    await network.getByRole("checkbox", { name: "Drop" }).click();
    const call = app.lab.increase();
    await at("Events");
    await soon(() => expect(cells("Events")[0]?.[2]).toMatch(/^sent \d+ times$/));
    await expect.element(app.status).toHaveTextContent("online 1");
    await elsewhere(app.room, "rename", "news");
    await expect.element(app.status).toHaveTextContent("reconnecting 1");
    await (await at("Network")).getByRole("checkbox", { name: "Drop" }).click();
    expect(await call).toBe(1);
    await expect.element(app.title).toHaveTextContent("news");
    await expect.element(app.status).toHaveTextContent("online 0");
  });
});

describe("predictions", () => {
  test("are listed with what they touch until they are answered, and how often they were run on what the server says", async () => {
    const app = await open();
    await app.lab.push("a");
    const letGo = hold("/lab.mark");
    onTestFinished(letGo);
    const call = app.lab.mark(0);
    const predictions = await at("Predictions");
    await soon(() =>
      expect(cells("Predictions").map(([, ...rest]) => rest)).toEqual([
        [`lab ${app.room}.mark`, "0", "shown", expect.stringMatching(/^\d ×$/), "lab.rows[0].title"],
      ]),
    );
    const runs = () => Number.parseInt(cells("Predictions")[0]?.[4] ?? "", 10);
    const before = runs();
    await elsewhere(app.room, "rename", "news");
    await expect.element(app.title).toHaveTextContent("news");
    await soon(() => expect(runs()).toBe(before + 1));
    letGo();
    await call;
    await expect.element(predictions.getByText("No event is shown before its answer now.")).toBeVisible();
    await at("State");
    await panel.getByRole("button", { name: "rows Array(1)" }).click();
    await expect.element(panel.getByText('0 { id: 0, title: "a!" }')).toBeVisible();
  });

  test("tell of one that cannot be shown any more after what others did", async () => {
    const app = await open();
    await app.lab.push("a");
    const letGo = hold("/lab.mark");
    onTestFinished(letGo);
    const call = app.lab.mark(0).catch(({ code }) => code);
    await at("Predictions");
    await soon(() => expect(cells("Predictions")[0]?.[3]).toBe("shown"));
    await elsewhere(app.room, "fill", 0);
    await soon(() => expect(cells("Predictions")[0]?.slice(3)).toEqual(["throws here", expect.stringMatching(/^\d ×$/), ""]));
    letGo();
    expect(await call).toBe("NOT_FOUND");
    await soon(() => expect(panel.getByRole("table", { name: "Predictions" }).query()).toBeNull());
  });
});
