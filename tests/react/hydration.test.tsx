import { act } from "react";
import { expect, test } from "vitest";
import { join, preload, Source } from "./kit/joined.js";
import { hydrate, renders, serverHtml, show } from "./kit/page.js";
import { Everything, Guarded, NotPreloaded, Parts, Plain } from "./kit/pages.js";
import { Todo } from "./kit/stores.js";

function source() {
  const todo = new Source("todo", new Todo());
  return { todo, state: preload(todo) };
}

test("the server's HTML holds the preloaded state", async () => {
  const { state } = source();
  const text = (await serverHtml("Everything", { state })).replaceAll("<!-- -->", "");
  expect(text).toContain("<ul><li>milk</li><li>bread</li></ul><p>milk bread</p><p>milk bread</p><div>1<b></b></div>");
});

test("where nothing was preloaded, the server sends the fallback and the browser goes on, and nobody complains", async () => {
  const { todo } = source();
  const text = await serverHtml("NotPreloaded");
  expect(text).toContain("<i>wait</i>");
  expect(text).toContain("BAILOUT_TO_CLIENT_SIDE_RENDERING");
  const client = join(todo);
  client.prompt = false;
  const page = await hydrate(client, text, <NotPreloaded />);
  expect(page.text).toBe("wait");
  await act(async () => client.deliver());
  expect(page.element.querySelector("ul")?.textContent).toBe("milkbread");
});

test("a refused store's error is left to the browser, where an error boundary shows it", async () => {
  const { todo } = source();
  const state = { ...(preload(todo) as object), stores: [{ store: "todo", key: null, refused: ["FORBIDDEN", "Not you."] }] } as never;
  const text = await serverHtml("Guarded", { state });
  expect(text).toContain("<i>wait</i>");
  const page = await hydrate(join(todo), text, <Guarded state={state} />);
  expect(page.text).toBe("FORBIDDEN: Not you.");
});

test("a page hydrates on its HTML, without rendering anything twice", async () => {
  const { todo, state } = source();
  const client = join(todo);
  client.prompt = false;
  const page = await hydrate(client, await serverHtml("Plain", { state }), <Plain state={state} />);
  await act(async () => client.deliver());
  expect(page.text).toBe("milkbread");
  expect(renders("List")).toBe(1);
  await act(async () => todo.run((store) => store.add("eggs")));
  expect(page.text).toBe("milkbreadeggs");
  expect(renders("List")).toBe(1);
});

test("volatile fields come with the page as others do, and hydrate without rendering anything twice", async () => {
  const { todo, state } = source();
  const volatile = [
    ["items", "id", "title", "done"],
    4,
    [0, 4],
    [
      ["m", 1, [1], [0], 0],
      ["o", 1, [0], 0],
      ["a", 1, [1], 0],
      ["o", 1, [1, 2, 3], [1], ["eggs"], [false]],
    ],
  ];
  const [store] = (state as unknown as { stores: object[] }).stores;
  const own = { ...store, snapshot: [["", "draft"], 1, [0, 1], [["c", 1, 0, [1], ["a draft"]]]], volatile };
  const page = { ...(state as object), stores: [own] } as never;
  const text = await serverHtml("Plain", { state: page });
  expect(text).toContain("<li>eggs</li>");
  const client = join(todo);
  client.prompt = false;
  expect((await hydrate(client, text, <Plain state={page} />)).text).toBe("eggs");
  expect(renders("List")).toBe(1);
});

test.each(["before and while", "while"])("changes that come %s a page hydrates show after it, without a mismatch", async (when) => {
  const { todo, state } = source();
  const text = await serverHtml("Everything", { state });
  const client = join(todo);
  client.prompt = false;
  const follow = () => {
    client.twin("todo").use();
    client.deliver();
  };
  const change = (title: string) => {
    if (!client.watches("todo")) follow();
    todo.run((store) => {
      store.add(title);
      store.draft += title;
    });
  };
  if (when !== "while") {
    client.preload(state);
    change("before");
    expect(client.twin("todo").mirror.read("items")).toHaveLength(3);
  }
  const page = await hydrate(client, text, <Everything state={state} change={change} />);
  const titles = todo.instance.items.map((item) => item.title);
  expect(titles).toEqual(expect.arrayContaining(["during", "later"]));
  expect([...page.element.querySelectorAll("li")].map((li) => li.textContent)).toEqual(titles);
  expect([...page.element.querySelectorAll("p")].map((p) => p.textContent)).toEqual([titles.join(" "), titles.join(" ")]);
  expect(page.element.querySelector("b")?.textContent).toBe(todo.instance.draft);
});

test("parts of a page that were rendered from different states hydrate, and then show the newest", async () => {
  const { todo, state } = source();
  todo.run((store) => {
    store.add("eggs");
    store.draft = "later";
  });
  const later = preload(todo);
  const text = (await serverHtml("Parts", { state, later })).replaceAll("<!-- -->", "");
  expect(text).toBe("<ul><li>milk</li><li>bread</li></ul><p>milk bread eggs</p><p>milk bread eggs</p><div>1<b></b></div>");
  const client = join(todo);
  client.prompt = false;
  const page = await hydrate(client, text, <Parts state={state} later={later} />);
  expect(page.text).toBe("milkbreadeggsmilk bread eggsmilk bread eggs2later");
});

test("a newer preload, as a page brings that is navigated to, is shown at once and disturbs nobody", async () => {
  const { todo, state } = source();
  const client = join(todo);
  client.prompt = false;
  const page = await show(client, <Plain state={state} />);
  expect(page.text).toBe("milkbread");
  todo.run((store) => store.add("eggs"));
  const newer = preload(todo);
  await page.render(<Plain state={newer} />);
  expect(page.text).toBe("milkbreadeggs");
});

test("an older preload changes nothing", async () => {
  const { todo, state } = source();
  todo.run((store) => store.add("eggs"));
  const page = await show(join(todo), <Plain state={state} />);
  expect(page.text).toBe("milkbreadeggs");
});
