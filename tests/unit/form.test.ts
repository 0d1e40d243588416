import { createElement, useActionState } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { event, state } from "twinstate";
import "twinstate/server";
import { expect, test } from "vitest";
import { createClient } from "../../client/client.js";
import type { Form } from "../../client/form.js";
import { describeClass } from "../../lib/class/schema.js";
import { createStore } from "../../lib/store/store.js";

const formOf = (store: string, event: string, key?: string) => createClient({ url: "/twin" }).twin(store, key).event(event)?.form as Form;
const render = (action: unknown) => renderToStaticMarkup(createElement("form", { action: action as string }, createElement("input", { name: "title" })));

function Stateful({ action }: { action: Form }) {
  const [, dispatch] = useActionState(action as never, undefined);
  return createElement("form", { action: dispatch as never });
}

const hidden = (html: string) => /<input type="hidden" name="([^"]*)"\/>/.exec(html)?.[1]?.replaceAll("&amp;", "&");

test("where a page is rendered, a form has what a browser without scripts needs", () => {
  const html = render(formOf("todo", "add"));
  expect(html).toMatch(/^<form action="\/twin\/\$form" encType="multipart\/form-data" method="POST">/i);
  expect(hidden(html)).toBe("$todo.add");
});

test("so have those of rooms, and those with bound arguments", () => {
  expect(hidden(render(formOf("board", "move", "sprint 42").bind(null, "a&b", 2, true)))).toBe("$board.move?key=sprint+42&bound=%5B%22a%26b%22%2C2%2Ctrue%5D");
});

test("so has that of an instance in a store, which it names", () => {
  class Item {
    @state done = false;
    @event toggle() {
      this.done = !this.done;
    }
  }
  class Todo {
    @state items = [new Item(), new Item()];
  }
  const schema = { hash: "", stores: { todo: { scope: "session", ...describeClass(Todo) } }, models: { Item: describeClass(Item) } };
  const snapshot = createStore({ name: "todo", instance: new Todo(), models: { Item } }).snapshot();
  const client = createClient({ url: "/twin" });
  client.preload({ schema, session: "s", stores: [{ store: "todo", key: null, incarnation: "life", revision: 7, snapshot }] });
  const [, item] = (client.twin("todo").mirror.view() as Todo).items as [unknown, { toggle: { form: Form } }];
  expect(new URLSearchParams(hidden(render(item.toggle.form))?.split("?")[1]).get("on")).toBe('["life",7,3]');
  expect(hidden(render(item.toggle.form.bind(null, "a")))).toBe(
    `$todo.Item.toggle?on=${encodeURIComponent('["life",7,3]')}&bound=${encodeURIComponent('["a"]')}`,
  );
});

test("a state is no argument", () => {
  const html = renderToStaticMarkup(createElement(Stateful, { action: formOf("todo", "toggle").bind(null, "a") }));
  expect(hidden(html)).toBe("$todo.toggle?bound=%5B%22a%22%5D");
});

test("a button may have an event of its own", () => {
  const html = renderToStaticMarkup(createElement("button", { type: "submit", formAction: formOf("todo", "remove").bind(null, "a") as never }));
  expect(html).toContain('name="$todo.remove?bound=%5B%22a%22%5D" formAction="/twin/$form" formEncType="multipart/form-data" formMethod="POST"');
});
