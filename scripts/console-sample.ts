import { computed, state } from "../lib/index.js";
import { openFace } from "../lib/live/faces.js";
import { createMirror } from "../lib/mirror/mirror.js";
import { createStore } from "../lib/store/store.js";

class Item {
  @state title: string;
  @state done = false;
  @state tags = new Set<string>();

  constructor(title = "") {
    this.title = title;
  }
}

class Todo {
  @state items = [new Item("Write a plain class"), new Item("Decorate what everybody sees")];
  @state votes = new Map([
    ["ann", { at: new Date(Date.UTC(2026, 0, 2)), items: [1, 2] }],
    ["bob", { at: new Date(Date.UTC(2026, 0, 3)), items: [] as number[] }],
  ]);
  @state options: Record<string, unknown> = { sort: "title", limit: 50n };

  @computed get left(): number {
    return this.items.filter(({ done }) => !done).length;
  }
}

/** What the pictures of the console print: a store on a server, and its twin in a browser, whose class is known there. */
export function sample(): { store: Todo; twin: Todo } {
  const store = new Todo();
  const server = createStore({ name: "todo", instance: store, models: { Item } });
  store.items[0]?.tags.add("code").add("docs");
  store.options.itself = store.options;
  server.commit();
  const mirror = createMirror({ name: "todo", faces: openFace, models: { "": Todo, Item } });
  mirror.applySnapshot(JSON.parse(JSON.stringify(server.snapshot())));
  return { store, twin: mirror.live as Todo };
}
