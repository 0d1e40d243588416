import { computed, EventError, effect, event, state } from "twinstate";

export interface Item {
  id: number;
  title: string;
  done: boolean;
}

export class Todo {
  @state items: Item[] = [
    { id: 1, title: "milk", done: false },
    { id: 2, title: "bread", done: true },
  ];
  @state draft = "";
  @state theme = "light";
  @computed get left() {
    return this.items.filter((item) => !item.done).length;
  }
  @event add(title: string) {
    this.items.push({ id: this.items.length + 1, title, done: false });
    return this.items.length;
  }
  @event fail() {
    throw new EventError("FORBIDDEN", "Not you.");
  }
  @event welcome() {
    effect.toast("Welcome", { kind: "info" });
    effect.redirect("/list");
    effect.download("/file.txt", "file.txt");
  }
  helper() {
    return 1;
  }
}

export class Board {
  @state title: string;
  @state cards: Item[] = [];
  constructor(title = "", rows = 0) {
    this.title = title;
    for (let id = 0; id < rows; id++) this.cards.push({ id, title: `card ${id}`, done: false });
  }
  @event rename(title: string) {
    this.title = title;
    return title.length;
  }
}
