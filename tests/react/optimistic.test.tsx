import { observer } from "mobx-react-lite";
import { memo, type ReactNode, useEffect, useState } from "react";
import { createRoot, type Root } from "react-dom/client";
import type { EventError, View } from "twinstate";
import { createHooks, isPending, type StoreView } from "twinstate/react";
import { afterEach, beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { Scoped } from "../../server/definition/scope.js";
import { Film } from "./kit/film.js";
import { slowLine } from "./kit/line.js";
import { renders, soon, useCount } from "./kit/page.js";
import { type Task, Tasks } from "./kit/tasks.js";

declare const COMPILED: boolean;

/** How long each way takes, in ms. */
const WAY = 200;

interface Twin {
  readonly "~stores": { tasks: Scoped<"room", Tasks> };
  readonly "~models": {};
}
const { TwinProvider, useTasks, useLiveTasks } = createHooks<Twin>({ stores: { tasks: Tasks } });

beforeAll(async () => {
  // A page gets it while its visitor looks at it first.
  await import("../../client/prediction.js");
  const body = JSON.stringify({ key: "first", args: ["x"] });
  await fetch("/api/twin/board.rename", { method: "POST", body, headers: { "content-type": "application/json" } });
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

const Row = memo(function Row({ task }: { task: View<Task> }) {
  useCount(`Row ${task.title}`);
  return (
    <li data-title={task.title}>
      {task.title}
      {task.done ? "*" : ""}
      {isPending(task) ? "?" : ""}
    </li>
  );
});

/** As {@link Row}, but asks nothing of what is pending. */
const Quiet = memo(function Quiet({ task }: { task: View<Task> }) {
  useCount(`Quiet ${task.title}`);
  return <li data-title={task.title}>{task.done ? `${task.title}*` : task.title}</li>;
});

/** The twin, for tests to call. */
let tasks: StoreView<Tasks>;

function List({ room, quiet }: { room: string; quiet: boolean }) {
  const list = useTasks(room);
  useEffect(() => {
    tasks = list;
  }, [list]);
  const [refusal, setRefusal] = useState("");
  const toggle = (title: string) => list.toggle(title).catch((error: EventError) => setRefusal(error.code));
  return (
    <>
      <ul>{list.tasks.map((task) => (quiet ? <Quiet key={task.id} task={task} /> : <Row key={task.id} task={task} />))}</ul>
      <b> left {list.left}</b>
      {list.tasks.map(({ id, title }) => (
        <button key={id} type="button" title={title} onClick={() => void toggle(title)} />
      ))}
      <i>{refusal}</i>
    </>
  );
}

function Pending({ room }: { room: string }) {
  const count = useTasks(room, ({ $pending }) => $pending);
  return <em> {count} pending</em>;
}

function Adding({ room }: { room: string }) {
  return (
    <form action={useTasks(room).add.form}>
      <input name="title" />
    </form>
  );
}

const Live = observer(function Live({ room }: { room: string }) {
  "use no memo";
  const live = useLiveTasks(room);
  return (
    <p>
      {live.tasks.map((task) => `${task.title}${task.done ? "*" : ""}${isPending(task) ? "?" : ""}`).join(" ")} of {live.$pending}
    </p>
  );
});

let rooms = 0;

/** A page of a room with these tasks. */
async function open(titles: string[], app: (room: string) => ReactNode, onError: (error: EventError) => void = () => {}) {
  const room = `room ${COMPILED} ${++rooms}`;
  tasks = undefined as never;
  const element = document.body.appendChild(document.createElement("main"));
  const root = createRoot(element);
  roots.push(root);
  root.render(<TwinProvider onError={onError}>{app(room)}</TwinProvider>);
  await soon(() => expect(tasks).toBeDefined());
  for (const title of titles) await tasks.add(title);
  await soon(() => expect(element.querySelectorAll("li").length).toBe(titles.length));
  for (const title of titles) for (const kind of ["Row", "Quiet"]) renders(`${kind} ${title}`);
  onTestFinished(slowLine(WAY));
  const film = new Film(() => element.textContent as string);
  onTestFinished(() => film.stop());
  await film.next();
  return { element, film, button: (title: string) => element.querySelector(`button[title="${title}"]`) as HTMLButtonElement };
}

test("a toggle is painted within two frames of the click, once, and its row does not render again when the server says the same", async () => {
  const { element, film, button } = await open(["milk", "bread"], (room) => <List room={room} quiet />);
  const clicked = await film.next();
  const row = element.querySelector("li");
  button("milk").click();
  await soon(() => expect(film.texts).toContain("milk*bread left 1"));
  expect((film.frames.at(-1)?.frame as number) - clicked).toBeLessThanOrEqual(2);
  expect(renders("Quiet milk")).toBe(1);
  await tasks.lock(0, 0);
  expect(film.texts).toEqual(["milkbread left 2", "milk*bread left 1"]);
  expect([renders("Quiet milk"), renders("Quiet bread")]).toEqual([0, 0]);
  expect(element.querySelector("li")).toBe(row);
});

test("what is added keeps its row, as its key is the same at both ends", async () => {
  const { element, film } = await open(["milk"], (room) => <List room={room} quiet />);
  const started = performance.now();
  const call = tasks.add("tea");
  expect(await Promise.race([call.local.then(() => "shown"), call.then(() => "answered")])).toBe("shown");
  expect(element.textContent).toBe("milktea left 2");
  const row = element.querySelector('[data-title="tea"]');
  const id = await call;
  expect(performance.now() - started).toBeGreaterThan(2 * WAY);
  expect(tasks.tasks[1]?.id).toBe(id);
  expect(element.querySelector('[data-title="tea"]')).toBe(row);
  expect(renders("Quiet tea")).toBe(1);
  await film.next();
  expect(film.texts).toEqual(["milk left 1", "milktea left 2"]);
});

test("ten quick toggles and a refusal in the middle end as the server says, and nothing is painted that nobody meant", async () => {
  const { element, film, button } = await open(["milk"], (room) => <List room={room} quiet />);
  await tasks.lock(5, 1);
  for (let n = 0; n < 10; n++) {
    button("milk").click();
    await film.next();
  }
  await soon(() => expect(element.querySelector("i")?.textContent).toBe("FORBIDDEN"));
  await tasks.lock(0, 0);
  await film.next();
  // Each click in turn; the end without the refused one; and who is told of it.
  const [on, off] = ["milk* left 0", "milk left 1"];
  const clicks = Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? on : off));
  const states = film.texts.map((text) => text.replace("FORBIDDEN", ""));
  expect(states.filter((text, i) => text !== states[i - 1])).toEqual([off, ...clicks, on]);
  expect(film.texts.at(-1)).toBe(`${on}FORBIDDEN`);
});

test("what is refused is undone, and told to those who take errors, with its code", async () => {
  const errors: EventError[] = [];
  const { film } = await open(
    ["milk", "bread"],
    (room) => <List room={room} quiet />,
    (error) => errors.push(error),
  );
  void tasks.remove("milk");
  await soon(() => expect(errors.map(({ code, message }) => [code, message])).toEqual([["FORBIDDEN", "Nobody removes the milk."]]));
  await film.next();
  expect(film.texts).toEqual(["milkbread left 2", "bread left 1", "milkbread left 2"]);
});

test("what is pending says so, until it has its answer", async () => {
  const { film } = await open(["milk", "bread"], (room) => (
    <>
      <List room={room} quiet={false} />
      <Pending room={room} />
    </>
  ));
  void tasks.toggle("milk");
  await film.next();
  await tasks.add("tea");
  await film.next();
  await film.next();
  const states = ["milkbread left 2 0", "milk*?bread left 1 1", "milk*?breadtea? left 2 2"];
  expect(film.texts.slice(0, 3)).toEqual(states.map((text) => `${text} pending`));
  expect(film.texts.at(-1)).toBe("milk*breadtea left 2 0 pending");
  for (const text of film.texts.slice(3)) expect(text).toMatch(/^milk\*\??breadtea\?? left 2 [012] pending$/);
});

test("what a form adds is there before its answer", async () => {
  const { element, film } = await open(["milk"], (room) => (
    <>
      <List room={room} quiet />
      <Adding room={room} />
    </>
  ));
  (element.querySelector("input") as HTMLInputElement).value = "tea";
  // What forms load when there is one.
  await import("../../client/submit.js");
  const pressed = await film.next();
  (element.querySelector("form") as HTMLFormElement).requestSubmit();
  await soon(() => expect(film.texts).toContain("milktea left 2"));
  expect((film.frames.at(-1)?.frame as number) - pressed).toBeLessThanOrEqual(4);
  await tasks.lock(0, 0);
  await film.next();
  expect(film.texts).toEqual(["milk left 1", "milktea left 2"]);
});

test("observers of the live twin see predictions too", async () => {
  const { element, film } = await open(["milk"], (room) => (
    <>
      <List room={room} quiet />
      <Live room={room} />
    </>
  ));
  const text = () => element.querySelector("p")?.textContent;
  await soon(() => expect(text()).toBe("milk of 0"));
  const call = tasks.toggle("milk");
  await film.next();
  expect(text()).toBe("milk*? of 1");
  await call;
  await soon(() => expect(text()).toBe("milk* of 0"));
});

test("a page that is hidden does not wait for frames", async () => {
  await open(["milk"], (room) => <List room={room} quiet />);
  // A hidden page has no frames.
  vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  vi.spyOn(globalThis, "requestAnimationFrame").mockReturnValue(0);
  onTestFinished(() => void vi.restoreAllMocks());
  const call = tasks.toggle("milk");
  expect(await Promise.race([call.local.then(() => "shown"), call.then(() => "answered")])).toBe("shown");
});
