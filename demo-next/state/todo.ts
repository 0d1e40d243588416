import { computed, event, newId, state } from "twinstate";
import { z } from "zod";

export interface Item {
  id: string;
  title: string;
  done: boolean;
}

const Title = z.string().trim().min(1).max(200);

/** A visitor's to-do list. */
export class Todo {
  @state items: Item[] = [];

  @computed get left() {
    return this.items.filter((item) => !item.done).length;
  }

  @event({ optimistic: true, input: [Title] }) add(title: string) {
    const id = newId();
    this.items.push({ id, title, done: false });
    return id;
  }

  @event({ optimistic: true, input: [z.string(), Title] }) rename(id: string, title: string) {
    const item = this.find(id);
    if (item) item.title = title;
  }

  @event({ optimistic: true }) toggle(id: string) {
    const item = this.find(id);
    if (item) item.done = !item.done;
  }

  @event({ optimistic: true }) toggleAll(done: boolean) {
    for (const item of this.items) item.done = done;
  }

  @event({ optimistic: true }) remove(id: string) {
    this.items = this.items.filter((item) => item.id !== id);
  }

  @event({ optimistic: true }) clearDone() {
    this.items = this.items.filter((item) => !item.done);
  }

  private find(id: string) {
    return this.items.find((item) => item.id === id);
  }
}
