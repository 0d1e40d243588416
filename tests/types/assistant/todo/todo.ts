import { computed, EventError, effect, event, newId, state } from "twinstate";
import { z } from "zod";

const Title = z.string().trim().min(1).max(200);

export class Item {
  @state id = "";
  @state title = "";
  @state done = false;

  @event({ optimistic: true }) toggle() {
    this.done = !this.done;
  }
  @event({ optimistic: true, input: [Title] }) setTitle(title: string) {
    this.title = title;
  }
}

export class Todo {
  @state items: Item[] = [];
  @state({ keep: "localStorage", input: z.enum(["all", "open"]) }) filter: "all" | "open" = "all";

  @computed get left() {
    return this.items.filter((item) => !item.done).length;
  }

  @event({ optimistic: true, input: [Title] }) add(title: string) {
    if (this.items.length >= 1000) throw new EventError("FULL", "A thousand are enough.", { most: 1000 });
    const item = Object.assign(new Item(), { id: newId(), title });
    this.items.push(item);
    return item.id;
  }
  @event setFilter(filter: "all" | "open") {
    this.filter = filter;
  }
  @event clear() {
    this.items = this.items.filter((item) => !item.done);
    effect.confetti(20);
  }
  @event async *importFrom(titles: string[]) {
    for (const [n, title] of titles.entries()) {
      this.add(title);
      yield n + 1;
    }
    return this.items.length;
  }
}

export class Settings {
  @state language: "en" | "de" = "en";
  @event setLanguage(language: "en" | "de") {
    this.language = language;
  }
}
