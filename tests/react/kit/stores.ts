import { computed, EventError, effect, event, type Presence, presence, state } from "twinstate";
import { z } from "zod";

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

/** A model: an instance in a store. */
export class Book {
  @state title: string;
  @state read = false;
  @state sequel: Book | undefined;
  constructor(title = "") {
    this.title = title;
  }
  @computed get long() {
    return this.title.length > 10;
  }
  get words() {
    return this.title.split(" ");
  }
  get count() {
    return this.words.length;
  }
  @event rename(title: string) {
    if (title === "") throw new EventError("FORBIDDEN", "A book has a title.");
    this.title = title;
    return title.length;
  }
  @event setTitle(title: string) {
    this.title = title;
  }
}

export class Shelf {
  @state books: Book[] = [];
  @state search = "";
  @state note = "";
  @state marks = new Map<string, number>([["a", 1]]);
  @state tags = new Set<string>(["new"]);
  @state opened = new Date(0);
  get shown() {
    return this.books.filter(({ title }) => title.includes(this.search));
  }
  get first() {
    return this.byTitle(this.search)?.title ?? "none";
  }
  get never(): string | undefined {
    return undefined;
  }
  byTitle(title: string) {
    return this.books.find((book) => book.title === title);
  }
  clear() {
    this.books = [];
  }
  @event turn() {
    this.books.reverse();
  }
  @event add(title: string) {
    this.books.push(new Book(title));
  }
}

const Own = z.object({ cursor: z.number().optional(), typing: z.boolean().optional() });

export class Canvas {
  @state title = "";
  @presence({ of: () => ({ name: "" }), input: Own }) people!: Presence<{ name: string }, z.infer<typeof Own>>;
}
