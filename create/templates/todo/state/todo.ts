import { computed, event, newId, state } from "twinstate";
import { z } from "zod";

const Title = z.string().trim().min(1).max(200);

/** One to-do. Its events are called on the row itself: `item.toggle()`. */
export class Item {
  @state id: string;
  @state title: string;
  @state done = false;

  constructor(id = "", title = "") {
    this.id = id;
    this.title = title;
  }

  @event({ optimistic: true }) toggle() {
    this.done = !this.done;
  }

  @event({ optimistic: true, input: [Title] }) rename(title: string) {
    this.title = title;
  }
}

/** The list of one visitor. The server runs it, every tab mirrors it. */
export class Todo {
  @state items: Item[] = [];

  @computed get left() {
    return this.items.filter((item) => !item.done).length;
  }

  @event({ optimistic: true, input: [Title] }) add(title: string) {
    const id = newId();
    this.items.push(new Item(id, title));
    return id;
  }

  @event({ optimistic: true }) remove(id: string) {
    this.items = this.items.filter((item) => item.id !== id);
  }

  @event({ optimistic: true }) clearDone() {
    this.items = this.items.filter((item) => !item.done);
  }
}
