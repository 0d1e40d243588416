import { act, type ReactNode, StrictMode } from "react";
import { renderToString } from "react-dom/server.browser";
import { EventError, event, state } from "twinstate";
import { createHooks, type Field, useField } from "twinstate/react";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { cdp, userEvent } from "vitest/browser";
import { ClientContext } from "../../react/context.js";
import type { Scoped } from "../../server/definition/scope.js";
import { Boundary } from "./kit/boundary.js";
import { join, Source } from "./kit/joined.js";
import { hydrate, show, soon } from "./kit/page.js";

class Form {
  @state title = "milk";
  @state amount = 1;
  @state done = false;
  @state theme: "light" | "dark" | "system" = "light";
  @state tags: string[] = ["a"];
  @state note: string | undefined = undefined;
  @event setTitle(title: string) {
    if (title.includes("!")) throw new EventError("FORBIDDEN", "No shouting.");
    this.title = title.trim();
  }
  @event({ debounce: 300 }) setNote(note: string) {
    this.note = note;
  }
  @event setAmount(amount: number) {
    this.amount = amount;
  }
  @event setDone(done: boolean) {
    this.done = done;
  }
  @event setTheme(theme: "light" | "dark" | "system") {
    this.theme = theme;
  }
  @event setTags(tags: string[]) {
    this.tags = tags;
  }
}

interface Twin {
  readonly "~stores": { form: typeof Form; room: Scoped<"room", Form> };
  readonly "~models": {};
}
const { useForm, useRoom } = createHooks<Twin>();

const fixture = () => {
  const form = new Source("form", new Form());
  return { form, client: join(form) };
};

const control = <E extends HTMLElement = HTMLInputElement>(element: HTMLElement) => element.querySelector("input, textarea, select") as E & HTMLInputElement;

/** As a user who changes what stands in it does. */
async function change(input: HTMLInputElement, value: string | boolean): Promise<void> {
  const checked = typeof value === "boolean";
  await act(async () => {
    if (checked) return input.click();
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(input), "value")!.set!.call(input, value);
    input.dispatchEvent(new Event(input.tagName === "SELECT" ? "change" : "input", { bubbles: true }));
  });
}

/** Lets time pass. */
const pass = (ms: number) => act(async () => void (await vi.advanceTimersByTimeAsync(ms)));

/** A server whose answers come one by one, when the test says so. */
function slow(form: Source<Form>) {
  const waiting: { value: string; answer(): void }[] = [];
  return {
    asked: () => waiting.map(({ value }) => value),
    answer: (i: number) => act(async () => waiting[i]!.answer()),
    set: (value: string) =>
      new Promise<void>((resolve, reject) => {
        const answer = () => {
          try {
            resolve(form.run((store) => store.setTitle(value)));
          } catch (error) {
            reject(error);
          }
        };
        waiting.push({ value, answer });
      }),
  };
}

/** A component that shows a title, with what there is to tell of it. */
function Title({ set, onField }: { set?(value: string): PromiseLike<unknown>; onField?(field: Field<string>): void }) {
  const form = useForm();
  const title = useField(form.title, set ?? form.setTitle);
  onField?.(title);
  return (
    <>
      <input {...title} />
      <p>{`${title.pending ? "pending " : ""}${title.error?.message ?? ""}`}</p>
    </>
  );
}

function Note() {
  return <textarea {...useField(useForm(), "note")} />;
}

function Amount({ type }: { type: string }) {
  return <input type={type} {...useField(useForm(), "amount")} />;
}

function Any({ name }: { name: "title" | "note" }) {
  const form = useForm();
  return <input {...useField(form, name, name === "title" ? form.setTitle : form.setNote)} />;
}

function Swapped({ tag: Tag }: { tag: "input" | "textarea" }) {
  const form = useForm();
  return <Tag {...useField(form.title, form.setTitle)} />;
}

function Publish({ own }: { own: boolean }) {
  const form = useForm();
  const title = useField(form.title, own ? (title: string) => form.setTitle(title) : form.setTitle);
  return (
    <form
      onSubmit={(submit) => {
        submit.preventDefault();
        void form.setAmount(2);
      }}
    >
      <input {...title} />
    </form>
  );
}

function Room({ room, own }: { room: string; own: boolean }) {
  const form = useRoom(room);
  return <input {...useField(form.title, own ? (title: string) => form.setTitle(title) : form.setTitle)} />;
}

function Unset() {
  // As somebody without types might.
  const { value } = useField({ size: 1 }, "size", undefined as never);
  return value;
}

function Choice({ value, onValueChange }: { value: string; onValueChange(value: string): void; name?: string }) {
  return (
    <button type="button" onClick={() => onValueChange("dark")}>
      {value}
    </button>
  );
}

function Check({ checked, onCheckedChange }: { checked: boolean; onCheckedChange(checked: boolean | "indeterminate"): void; name?: string }) {
  return (
    <button type="button" onClick={() => onCheckedChange(!checked)}>
      {String(checked)}
    </button>
  );
}

function Both() {
  const form = useForm();
  return (
    <>
      <Choice {...useField(form, "theme").radix} />
      <Check {...useField(form, "done").radix} />
    </>
  );
}

describe("with a clock that stands still", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  test("hydrates as it was rendered, and can be typed into", async () => {
    const { form, client } = fixture();
    const html = renderToString(
      <ClientContext value={client}>
        <Title />
      </ClientContext>,
    );
    expect(html).toContain('<input value="milk"/>');
    const { element } = await hydrate(client, html, <Title />);
    await change(control(element), "tea");
    expect(control(element).value).toBe("tea");
    await pass(80);
    expect([form.instance.title, element.textContent]).toEqual(["tea", ""]);
  });

  test("what was typed before the page's code had come stays, and is sent", async () => {
    const { form, client } = fixture();
    const app = (
      <ClientContext value={client}>
        <Title />
      </ClientContext>
    );
    const page = await hydrate(client, renderToString(app), <Title />, (element) => {
      control(element).focus();
      control(element).value = "tea";
    });
    await page.render(<Title />);
    expect([control(page.element).value, page.text]).toEqual(["tea", "pending "]);
    await pass(80);
    expect([form.instance.title, control(page.element).value]).toEqual(["tea", "tea"]);
  });

  test("what is typed shows at once, and is sent once typing pauses", async () => {
    const { form, client } = fixture();
    const sent = vi.spyOn(form.instance, "setTitle");
    const { element } = await show(client, <Title />);
    const input = control(element);
    for (const text of ["milk a", "milk an", "milk and"]) {
      await change(input, text);
      expect(input.value).toBe(text);
      await pass(79);
    }
    expect([sent.mock.calls, element.textContent]).toEqual([[], "pending "]);
    await pass(1);
    expect([sent.mock.calls, form.instance.title, element.textContent]).toEqual([[["milk and"]], "milk and", ""]);
  });

  test.each([
    ["an event of the store", undefined],
    ["a function, of whatever store", "own"],
  ])("Enter sends what was typed last, before what the form does: set by %s", async (_, own) => {
    const { form, client } = fixture();
    const published: string[] = [];
    vi.spyOn(form.instance, "setAmount").mockImplementation(() => void published.push(form.instance.title));
    const { element } = await show(client, <Publish own={own !== undefined} />);
    await change(control(element), "hello");
    await act(async () => element.querySelector("form")?.requestSubmit());
    expect([published, form.instance.title]).toEqual([["hello"], "hello"]);
    await pass(1000);
    expect(form.instance.title).toBe("hello");
  });

  test("until the server has taken the last change, nothing else shows", async () => {
    const { form, client } = fixture();
    const server = slow(form);
    const { element } = await show(client, <Title set={server.set} />);
    const input = control(element);
    await change(input, "milk a");
    await pass(80);
    await change(input, "milk ab");
    await server.answer(0);
    expect(input.value).toBe("milk ab");
    await act(async () => form.run((store) => (store.title = "theirs")));
    expect(input.value).toBe("milk ab");
    await pass(80);
    expect([server.asked(), input.value]).toEqual([["milk a", "milk ab"], "milk ab"]);
    await server.answer(1);
    expect([input.value, element.textContent]).toEqual(["milk ab", ""]);
    await act(async () => form.run((store) => (store.title = "theirs")));
    expect(input.value).toBe("theirs");
  });

  test("what is refused stays, with the reason, until it is corrected", async () => {
    const { form, client } = fixture();
    const { element } = await show(client, <Title />);
    const input = control(element);
    await change(input, "milk!");
    await pass(80);
    expect([input.value, element.textContent, form.instance.title]).toEqual(["milk!", "No shouting.", "milk"]);
    // A word that is going to be right is as wrong as before until the server has it.
    await change(input, "milk?");
    expect([input.value, element.textContent]).toEqual(["milk?", "pending No shouting."]);
    await pass(80);
    expect([input.value, element.textContent, form.instance.title]).toEqual(["milk?", "", "milk?"]);
  });

  test("what is refused gives way to `reset()`, and to another value of the store", async () => {
    const { form, client } = fixture();
    let field: Field<string> | undefined;
    const { element } = await show(client, <Title onField={(it) => (field = it)} />);
    const input = control(element);
    await change(input, "milk!");
    await pass(80);
    await act(async () => field?.reset());
    expect([input.value, element.textContent]).toEqual(["milk", ""]);
    await change(input, "milk!!");
    await pass(80);
    await act(async () => form.run((store) => (store.title = "tea")));
    expect([input.value, element.textContent]).toEqual(["tea", ""]);
    // It does not come back when the store's value does.
    await act(async () => form.run((store) => (store.title = "milk")));
    expect([input.value, element.textContent]).toEqual(["milk", ""]);
  });

  test("an earlier change that was refused is nobody's business once a later one is right", async () => {
    const { form, client } = fixture();
    const server = slow(form);
    const { element } = await show(client, <Title set={server.set} />);
    const input = control(element);
    await change(input, "milk!");
    await pass(80);
    await change(input, "milk");
    await pass(80);
    await server.answer(0);
    expect([input.value, element.textContent]).toEqual(["milk", "pending "]);
    await server.answer(1);
    expect([input.value, element.textContent]).toEqual(["milk", ""]);
  });

  test("what is refused does not give way to what one has typed before it", async () => {
    const { form, client } = fixture();
    const server = slow(form);
    const { element } = await show(client, <Title set={server.set} />);
    const input = control(element);
    await change(input, "milk a");
    await pass(80);
    await change(input, "milk!");
    await pass(80);
    // Refusals wait for nobody: what was taken before shows later.
    await server.answer(1);
    await server.answer(0);
    expect([form.instance.title, input.value, element.textContent]).toEqual(["milk a", "milk!", "No shouting."]);
    await act(async () => form.run((store) => (store.title = "tea")));
    expect([input.value, element.textContent]).toEqual(["tea", ""]);
  });

  test("`reset()` forgets what was typed and not sent", async () => {
    const { form, client } = fixture();
    const sent = vi.spyOn(form.instance, "setTitle");
    let field: Field<string> | undefined;
    const { element } = await show(client, <Title onField={(it) => (field = it)} />);
    await change(control(element), "x");
    await act(async () => field?.reset());
    await pass(1000);
    expect([control(element).value, sent.mock.calls]).toEqual(["milk", []]);
  });

  test("is sent at once when the field is left, and when it leaves the page", async () => {
    const { form, client } = fixture();
    const page = await show(client, <Title />);
    const input = control(page.element);
    await act(async () => input.focus());
    await change(input, "tea");
    await act(async () => input.blur());
    expect(form.instance.title).toBe("tea");
    await change(input, "rum");
    await page.render(null);
    expect(form.instance.title).toBe("rum");
    await pass(1000);
  });

  test("a refusal that no field is there any more to show goes to `onError`; one that it shows does not", async () => {
    const { client } = fixture();
    const told: string[] = [];
    client.onError((error) => told.push(error.message));
    const page = await show(client, <Title />);
    await change(control(page.element), "milk!");
    await pass(1000);
    expect(told).toEqual([]);
    await change(control(page.element), "tea!");
    await page.render(null);
    await pass(1000);
    expect(told).toEqual(["No shouting."]);
  });

  test("the class's own debounce takes the place of ours", async () => {
    const { form, client } = fixture();
    const { element } = await show(client, <Note />);
    const area = control(element);
    expect([area.value, area.name]).toEqual(["", "note"]);
    await change(area, "soon");
    await pass(299);
    expect(form.instance.note).toBe(undefined);
    await pass(1);
    expect(form.instance.note).toBe("soon");
  });

  test("in StrictMode, and under a key that changes, nothing is sent twice or to the wrong place", async () => {
    const { form, client } = fixture();
    const sent = vi.spyOn(form.instance, "setTitle");
    const note = vi.spyOn(form.instance, "setNote");
    const app = (name: "title" | "note") => (
      <StrictMode>
        <Any name={name} />
      </StrictMode>
    );
    const page = await show(client, app("title"));
    const { element } = page;
    await change(control(element), "tea");
    await page.render(app("note"));
    expect([control(element).value, control(element).name, sent.mock.calls]).toEqual(["", "note", [["tea"]]]);
    await change(control(element), "hot");
    await pass(300);
    expect([control(element).value, note.mock.calls, sent.mock.calls.length]).toEqual(["hot", [["hot"]], 1]);
  });

  test("what was typed goes where it was typed, though the field belongs to another room, or another row, by now", async () => {
    const [a, b] = [new Source("room", new Form(), "a"), new Source("room", new Form(), "b")];
    const client = join(a, b);
    for (const own of [false, true]) {
      const page = await show(client, <Room room="a" own={own} />);
      await change(control(page.element), `tea ${own}`);
      await page.render(<Room room="b" own={own} />);
      await pass(80);
      expect([a.instance.title, b.instance.title, control(page.element).value]).toEqual([`tea ${own}`, "milk", "milk"]);
      await change(control(page.element), "rum");
      await pass(80);
      expect([a.instance.title, b.instance.title]).toEqual([`tea ${own}`, "rum"]);
      await act(async () => b.run((store) => void (store.title = "milk")));
      await page.unmount();
    }
  });

  test("a composition that its element has taken along holds nothing up", async () => {
    const { form, client } = fixture();
    const page = await show(client, null);
    const swap = (Tag: "input" | "textarea") => page.render(<Swapped tag={Tag} />);
    await swap("input");
    await act(async () => control(page.element).dispatchEvent(new CompositionEvent("compositionstart", { bubbles: true })));
    await act(async () => {
      const input = control(page.element);
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")!.set!.call(input, "か");
      input.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
    });
    await pass(1000);
    expect(form.instance.title).toBe("milk");
    await swap("textarea");
    await change(control(page.element), "tea");
    await pass(80);
    expect(form.instance.title).toBe("tea");
  });

  test("a key that nothing sets is told of", async () => {
    const { client } = fixture();
    const { element } = await show(
      client,
      <Boundary>
        <Unset />
      </Boundary>,
    );
    expect(element.textContent).toContain("`useField` does not know which event sets `size`");
  });

  test("a number is sent as one; what is none yet is not sent, and gives way when the field is left", async () => {
    const { form, client } = fixture();
    for (const type of ["number", "text"]) {
      const { element, unmount } = await show(client, <Amount type={type} />);
      const input = control(element);
      await act(async () => input.focus());
      await change(input, "12");
      await pass(80);
      expect(form.instance.amount).toBe(12);
      await change(input, "");
      await pass(1000);
      expect([form.instance.amount, input.value]).toEqual([12, ""]);
      await change(input, "1.50");
      await pass(80);
      expect([form.instance.amount, input.value]).toEqual([1.5, "1.50"]);
      await change(input, "");
      await act(async () => input.blur());
      expect([form.instance.amount, input.value]).toEqual([1.5, "1.5"]);
      await act(async () => form.run((store) => (store.amount = 1)));
      expect(input.value).toBe("1");
      await unmount();
    }
  });

  test.each<[string, () => ReactNode, string | boolean, keyof Form, unknown]>([
    ["a checkbox", () => <input type="checkbox" {...useField(useForm(), "done")} />, true, "done", true],
    ["a textarea", () => <textarea {...useField(useForm(), "title")} />, "two\nlines", "title", "two\nlines"],
    [
      "a select",
      () => (
        <select {...useField(useForm(), "theme")}>
          <option>light</option>
          <option>dark</option>
        </select>
      ),
      "dark",
      "theme",
      "dark",
    ],
    [
      "a select of several",
      () => {
        const { value, ...tags } = useField(useForm(), "tags");
        return (
          <select multiple value={value as string[]} {...tags}>
            <option>a</option>
            <option>b</option>
          </select>
        );
      },
      "b",
      "tags",
      ["b"],
    ],
    [
      "radio buttons",
      () => {
        const { value, ...theme } = useField(useForm(), "theme");
        return <input type="radio" value="dark" {...theme} checked={value === "dark"} />;
      },
      true,
      "theme",
      "dark",
    ],
  ])("it spreads on %s", async (_, Control, wanted, key, becomes) => {
    const { form, client } = fixture();
    const { element } = await show(client, <Control />);
    expect(control(element).name).toBe(key);
    await change(control(element), wanted);
    await pass(80);
    expect(form.instance[key]).toEqual(becomes);
    expect(element.innerHTML).not.toContain("error");
  });

  test("`radix` is for components that tell of values, and of checks", async () => {
    const { form, client } = fixture();
    const { element } = await show(client, <Both />);
    await act(async () => {
      for (const button of element.querySelectorAll("button")) button.click();
    });
    expect(element.textContent).toBe("darktrue");
    await pass(80);
    expect([form.instance.theme, form.instance.done]).toEqual(["dark", true]);
  });
});

describe("with real keys", () => {
  beforeEach(() => {
    (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = false;
  });
  afterEach(() => {
    (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  });

  const opened = async () => {
    const { form, client } = fixture();
    (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
    const { element } = await show(client, <Title />);
    (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = false;
    return { form, input: control(element), element };
  };
  const caret = ({ value, selectionStart, selectionEnd }: HTMLInputElement) =>
    selectionStart === selectionEnd ? `${value.slice(0, selectionStart!)}|${value.slice(selectionStart!)}` : [value, selectionStart, selectionEnd];

  test("the caret stays where it was when somebody else changes the text around", async () => {
    const { form, input } = await opened();
    input.focus();
    input.setSelectionRange(2, 2);
    const becomes = async (title: string) => {
      form.run((store) => (store.title = title));
      await soon(() => expect(input.value).toBe(title));
      return caret(input);
    };
    expect(await becomes("milky")).toBe("mi|lky");
    expect(await becomes("oat milky")).toBe("oat mi|lky");
    expect(await becomes("oat mi")).toBe("oat mi|");
    expect(await becomes("tea")).toBe("tea|");
    input.setSelectionRange(1, 3);
    expect(await becomes("teas")).toEqual(["teas", 1, 3]);
    expect(await becomes("my teas")).toEqual(["my teas", 4, 6]);
  });

  test("a blank at the end that the server trims stays while one types on", async () => {
    const { form, input } = await opened();
    const sent = vi.spyOn(form.instance, "setTitle");
    await userEvent.click(input);
    await userEvent.keyboard("{End} and");
    await soon(() => expect(form.instance.title).toBe("milk and"));
    await userEvent.keyboard(" ");
    await soon(() => expect(sent.mock.lastCall).toEqual(["milk and "]));
    // Whatever shows in the end has been there for a frame.
    await new Promise(requestAnimationFrame);
    expect(input.value).toBe("milk and ");
    await userEvent.keyboard("tea ");
    await soon(() => expect(form.instance.title).toBe("milk and tea"));
    input.blur();
    await soon(() => expect(input.value).toBe("milk and tea"));
  });

  test("nothing is sent, and nothing shows, in the middle of a composition", async () => {
    const { form, input } = await opened();
    const sent = vi.spyOn(form.instance, "setTitle");
    const devtools = cdp() as unknown as { send(method: string, params: object): Promise<void> };
    await userEvent.click(input);
    await userEvent.keyboard("{End}");
    for (const text of ["k", "ka", "か"]) {
      await devtools.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
      await soon(() => expect(input.value).toBe(`milk${text}`));
      form.run((store) => (store.title += "x"));
    }
    // Longer than typing has to pause.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([input.value, sent.mock.calls]).toEqual(["milkか", []]);
    await devtools.send("Input.insertText", { text: "化" });
    await soon(() => expect(form.instance.title).toBe("milk化"));
    expect([caret(input), sent.mock.calls]).toEqual(["milk化|", [["milk化"]]]);
  });
});
