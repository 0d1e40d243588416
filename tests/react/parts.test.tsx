import { Activity, act, type ReactNode, StrictMode, Suspense } from "react";
import { createRoot, type Root } from "react-dom/client";
import { createHooks, useField } from "twinstate/react";
import { type AskRows, type ColorTheme, eachOnce, initialsOf, useColorMode, useConfirm, useControl, useDrop, useForm, useTable } from "twinstate/react/parts";
import { afterEach, describe, expect, test } from "vitest";
import { userEvent } from "vitest/browser";
import type { Client } from "../../client/client.js";
import type { Scoped } from "../../server/definition/scope.js";
import type { Guests } from "./kit/guests.js";
import { show, soon } from "./kit/page.js";

/** The parts that need no client. */
const none = undefined as unknown as Client;

// Some of these pages are not told when something ends, so no `act` knows either.
let root: Root | undefined;
function open(app: ReactNode): void {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = false;
  root = createRoot(document.body.appendChild(document.createElement("main")));
  root.render(<StrictMode>{app}</StrictMode>);
}
afterEach(() => {
  root?.unmount();
  root = undefined;
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
});

const $ = <E extends HTMLElement = HTMLInputElement>(selector: string) => document.querySelector(selector) as unknown as E;

// --- useControl ---

function Title({ error }: { error?: { message: string } }) {
  const { label, control, description, message, problem } = useControl({ error }, true);
  return (
    <>
      {/* biome-ignore lint/a11y/noLabelWithoutControl: the props tie it to the input */}
      <label {...label}>Title</label>
      <input {...control} />
      <p {...description}>As others see it.</p>
      {problem && <p {...message}>{problem}</p>}
    </>
  );
}

test("a control is tied to its label, its description, and what is wrong with it", async () => {
  const page = await show(none, <Title />);
  const described = () => ($("input").getAttribute("aria-describedby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent);
  expect([$("input").labels?.[0]?.textContent, $("input").getAttribute("aria-invalid"), described()]).toEqual(["Title", null, ["As others see it."]]);
  await page.render(<Title error={{ message: "Too long." }} />);
  expect([$("input").getAttribute("aria-invalid"), described()]).toEqual(["true", ["As others see it.", "Too long."]]);
});

// --- useConfirm ---

function Question({ remove }: { remove(id: string): Promise<void> }) {
  const removal = useConfirm(remove);
  return (
    <>
      <button type="button" id="ask" onClick={() => removal.ask("a")} />
      <button type="button" id="confirm" onClick={removal.confirm} />
      <button type="button" id="close" onClick={() => removal.setOpen(false)} />
      <output>{`${removal.open ? "open" : "closed"} ${removal.args?.[0]} ${removal.pending} ${removal.error?.message}`}</output>
    </>
  );
}

/** Calls whose answers come when the test says so. */
function calls() {
  const made: { id: string; resolve(): void; reject(error: Error): void }[] = [];
  return { made, remove: (id: string) => new Promise<void>((resolve, reject) => made.push({ id, resolve, reject })) };
}

test("an answer to a question that is over neither closes the next one nor shows in it", async () => {
  const { made, remove } = calls();
  const page = await show(none, <Question remove={remove} />);
  const press = (id: string) => act(async () => $(`#${id}`).click());
  for (const id of ["ask", "confirm", "close", "ask"]) await press(id);
  expect(page.text).toBe("open a false undefined");
  await act(async () => made[0]?.resolve());
  expect(page.text).toBe("open a false undefined");
  for (const id of ["confirm", "close", "ask", "confirm"]) await press(id);
  expect([page.text, made.length]).toEqual(["open a true undefined", 3]);
  await act(async () => made[1]?.reject(new Error("Not yours.")));
  expect(page.text).toBe("open a true undefined");
  await act(async () => made[2]?.resolve());
  expect(page.text).toBe("closed a false undefined");
});

test("a question is open until its event has ended well, and says why it was refused", async () => {
  const calls: { id: string; resolve(): void; reject(error: Error): void }[] = [];
  const remove = (id: string) => new Promise<void>((resolve, reject) => calls.push({ id, resolve, reject }));
  const page = await show(none, <Question remove={remove} />);
  const press = (id: string) => act(async () => $(`#${id}`).click());
  expect(page.text).toBe("closed undefined false undefined");
  await press("ask");
  await press("confirm");
  await press("confirm");
  expect([page.text, calls.length]).toEqual(["open a true undefined", 1]);
  await act(async () => calls[0]?.reject(new Error("Not yours.")));
  expect(page.text).toBe("open a false Not yours.");
  await press("close");
  await press("ask");
  expect(page.text).toBe("open a false undefined");
  await press("confirm");
  await act(async () => calls[1]?.resolve());
  expect([page.text, calls.length]).toEqual(["closed a false undefined", 2]);
});

// --- useDrop ---

function Zone({ send }: { send(file: File): Promise<void> }) {
  const { zone, input, uploads } = useDrop(send);
  return (
    <div {...zone} id="zone">
      <p id="inside">Here</p>
      <input {...input} />
      <output>{uploads.map(({ file, phase }) => `${file.name} ${phase}`).join()}</output>
    </div>
  );
}

test("files that are dropped on the zone are sent, those beside it open no page, and text is none", async () => {
  const sent: string[] = [];
  const send = async (file: File) => void sent.push(await file.text());
  open(<Zone send={send} />);
  await soon(() => expect($("#zone")).toBeTruthy());
  const drag = (type: string, target: Element, text?: string) => {
    const dataTransfer = new DataTransfer();
    if (text === undefined) dataTransfer.setData("text/plain", "words");
    else dataTransfer.items.add(new File([text], `${text}.txt`));
    const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer });
    return target.dispatchEvent(event);
  };
  const over = () => $("#zone").hasAttribute("data-over");
  drag("dragenter", $("#zone"), "a");
  drag("dragenter", $("#inside"), "a");
  drag("dragleave", $("#zone"), "a");
  await soon(() => expect(over()).toBe(true));
  expect(drag("dragover", $("#inside"), "a")).toBe(false);
  expect(drag("drop", $("#inside"), "a")).toBe(false);
  await soon(() => expect(over()).toBe(false));
  await soon(() => expect($("output").textContent).toBe("a.txt done"));
  expect(drag("drop", document.body, "b")).toBe(false);
  expect(drag("drop", $("#zone"))).toBe(true);
  expect(sent).toEqual(["a"]);
});

// --- useColorMode ---

function Toggle({ theme, choose }: { theme: ColorTheme; choose(theme: ColorTheme): void }) {
  const { mode, toggle } = useColorMode(theme, choose);
  return (
    <button type="button" onClick={toggle}>
      {mode}
    </button>
  );
}

describe("the color mode", () => {
  afterEach(() => document.documentElement.classList.remove("dark"));

  test("is the choice, sets the class of the page, and toggles to the other one, or back to the system", async () => {
    const chosen: ColorTheme[] = [];
    const choose = (theme: ColorTheme) => void chosen.push(theme);
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const other = system === "dark" ? "light" : "dark";
    const page = await show(none, <Toggle theme="system" choose={choose} />);
    const isDark = () => document.documentElement.classList.contains("dark");
    const toggle = () => act(async () => $("button").click());
    expect([page.text, isDark()]).toEqual([system, system === "dark"]);
    await toggle();
    await page.render(<Toggle theme={other} choose={choose} />);
    expect([page.text, isDark(), chosen]).toEqual([other, other === "dark", [other]]);
    await toggle();
    expect(chosen).toEqual([other, "system"]);
  });
});

// --- people ---

test("people are listed once, however many tabs they have, and have letters for an avatar", () => {
  const tabs = [{ who: { id: "a" } }, { who: { id: "b" } }, { who: { id: "a" } }];
  expect(eachOnce(tabs, ({ who }) => who)).toEqual([{ id: "a" }, { id: "b" }]);
  expect(["Ada Lovelace", " zoë ", "a b c", ""].map(initialsOf)).toEqual(["AL", "Z", "AB", ""]);
});

// --- useTable ---

interface Row {
  id: number;
  name: string;
}

type Ask = AskRows<Row, { sort: { by: "id" | "name"; descending: boolean }; filter: string }>;

function Table({ ask }: { ask: Ask }) {
  const table = useTable(ask, { sort: { by: "id", descending: false }, pause: 0 });
  return (
    <>
      <input {...table.search} aria-label="Filter" />
      <table {...table.table}>
        <thead>
          <tr>
            <th {...table.heading("id")}>
              <button {...table.sorter("id")}>Id</button>
            </th>
          </tr>
        </thead>
        <tbody>
          <tr {...table.row(0)}>
            <td>{table.rowAt(0)?.name}</td>
          </tr>
        </tbody>
      </table>
    </>
  );
}

test("a table sorts, filters, and tells of itself by its elements", async () => {
  const all = Array.from({ length: 300 }, (_, id): Row => ({ id, name: `row ${id}` }));
  const asked: string[] = [];
  const ask: Ask = async (from, to, { sort, filter }) => {
    asked.push(`${from} ${sort.by} ${sort.descending} ${filter}`);
    const found = all.filter(({ name }) => name.includes(filter));
    if (sort.descending) found.reverse();
    return { rows: found.slice(from, to), count: found.length };
  };
  open(<Table ask={ask} />);
  const cell = () => $("td")?.textContent;
  await soon(() => expect(cell()).toBe("row 0"));
  expect([$("table").getAttribute("aria-rowcount"), $("tbody tr").getAttribute("aria-rowindex"), $("th").ariaSort]).toEqual(["301", "2", "ascending"]);
  $("button").click();
  await soon(() => expect(cell()).toBe("row 299"));
  expect($("th").ariaSort).toBe("descending");
  await userEvent.fill($("input"), "7");
  await soon(() => expect(cell()).toBe("row 297"));
  expect([...new Set(asked)]).toEqual(["0 id false ", "0 id true ", "0 id true 7"]);
});

// --- useForm, with a real server ---

interface Twin {
  readonly "~stores": { guests: Scoped<"room", Guests> };
  readonly "~models": {};
}
const { TwinProvider, useGuests } = createHooks<Twin>();

function Invite({ room, onDone }: { room: string; onDone(count: number): void }) {
  const form = useForm(useGuests(room).invite.form, { onDone });
  return (
    <form {...form.form} noValidate>
      {["name", "age"].map((name) => (
        <p key={name}>
          {/* biome-ignore lint/a11y/noLabelWithoutControl: the props tie it to the input */}
          <label {...form.label(name)}>{name}</label>
          <input {...form.field(name)} />
          <span {...form.message(name)}>{form.problemOf(name)}</span>
        </p>
      ))}
      <button type="submit">Invite</button>
      <output>{`${form.problem} ${form.value}`}</output>
    </form>
  );
}

test("a form says what is wrong at its fields, puts the focus on the first, and tells once when it is done", async () => {
  const done: number[] = [];
  const room = crypto.randomUUID();
  open(
    <TwinProvider>
      <Suspense>
        <Invite room={room} onDone={(count) => void done.push(count)} />
      </Suspense>
    </TwinProvider>,
  );
  await soon(() => expect($("form")).toBeTruthy());
  const [name, age] = ["name", "age"].map((field) => () => $(`[name=${field}]`)) as [() => HTMLInputElement, () => HTMLInputElement];
  const problem = (field: HTMLInputElement) => document.getElementById(field.getAttribute("aria-describedby") ?? "")?.textContent;
  await userEvent.fill(name(), "Ann");
  await userEvent.fill(age(), "7");
  await userEvent.click($("button"));
  await soon(() => expect(document.activeElement).toBe(age()));
  expect([problem(name()), problem(age()), name().value, name().labels?.[0]?.textContent]).toEqual([undefined, "Too young", "Ann", "name"]);
  expect([name().getAttribute("aria-invalid"), age().getAttribute("aria-invalid"), done]).toEqual([null, "true", []]);
  await userEvent.fill(name(), "nobody");
  await userEvent.fill(age(), "70");
  await userEvent.click($("button"));
  await soon(() => expect($("output").textContent).toBe("Nobody is not invited. undefined"));
  await userEvent.fill(name(), "Ann");
  await userEvent.click($("button"));
  await soon(() => expect(done).toEqual([1]));
  expect([name().value, $("output").textContent]).toEqual(["", "undefined 1"]);
});

function Choices({ shown, onDone }: { shown: boolean; onDone(): void }) {
  return (
    <TwinProvider>
      <Activity mode={shown ? "visible" : "hidden"}>
        <Suspense>
          <Diet onDone={onDone} />
        </Suspense>
      </Activity>
    </TwinProvider>
  );
}

const room = crypto.randomUUID();
function Diet({ onDone }: { onDone(): void }) {
  const form = useForm(useGuests(room).invite.form, { onDone });
  return (
    <form {...form.form} noValidate>
      <input defaultValue="Bob" {...form.field("name")} />
      <select defaultValue="18" {...form.field("age")}>
        {["7", "18", "70"].map((age) => (
          <option key={age}>{age}</option>
        ))}
      </select>
      {["all", "none"].map((diet) => (
        <input key={diet} type="radio" name="diet" value={diet} aria-label={diet} defaultChecked={diet === "all"} />
      ))}
      <button type="submit">Invite</button>
    </form>
  );
}

test("a form keeps what was chosen and picked until it is right, has defaults of its own, and tells once in a page that is hidden and shown again", async () => {
  let done = 0;
  const app = (shown: boolean) => <Choices shown={shown} onDone={() => void done++} />;
  open(app(true));
  await soon(() => expect($("form")).toBeTruthy());
  const values = () => [...new FormData($<HTMLFormElement>("form"))].map(([, value]) => value);
  expect(values()).toEqual(["Bob", "18", "all"]);
  await userEvent.fill($("[name=name]"), "Ann");
  await userEvent.selectOptions($("select"), "7");
  await userEvent.click($("[aria-label=none]"));
  await userEvent.click($("button"));
  await soon(() => expect($("select").getAttribute("aria-invalid")).toBe("true"));
  expect([values(), document.activeElement?.tagName]).toEqual([["Ann", "7", "none"], "SELECT"]);
  await userEvent.selectOptions($("select"), "70");
  await userEvent.click($("button"));
  await soon(() => expect(done).toBe(1));
  expect(values()).toEqual(["Bob", "18", "all"]);
  for (const shown of [false, true]) {
    root?.render(<StrictMode>{app(shown)}</StrictMode>);
    await soon(() => expect($("form").checkVisibility()).toBe(shown));
  }
  expect(done).toBe(1);
});

function RefusedTitle() {
  const title = useField("Party", async () => {
    throw Object.assign(new Error("Too long."), { code: "INVALID" });
  });
  const { control, problem } = useControl(title);
  return (
    <>
      <input {...title} {...control} />
      <output>{problem}</output>
    </>
  );
}

test("a field of `useField` is a control", async () => {
  open(<RefusedTitle />);
  await soon(() => expect($("input")).toBeTruthy());
  await userEvent.fill($("input"), "A party");
  await soon(() => expect($("output").textContent).toBe("Too long."));
  expect([$("input").value, $("input").getAttribute("aria-invalid")]).toEqual(["A party", "true"]);
});
