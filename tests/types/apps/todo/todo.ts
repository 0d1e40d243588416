import { computed, event, newId, state } from "twinstate";
import { z } from "zod";
export interface Item {
  id: string;
  title: string;
  done: boolean;
  tags: string[];
}
declare function titles(url: string): AsyncIterable<string>;
export class Todo {
  @state items: Item[] = [];
  @state draft = "";
  @state({ private: true }) private secret = "x";
  @state({ private: true }) protected hidden = 1;
  #log: string[] = [];
  @computed get left() {
    return this.items.filter((item) => !item.done).length;
  }
  @event add(title: string) {
    const id = newId();
    this.items.push({ id, title, done: false, tags: [] });
    return id;
  }
  @event(z.string().max(200)) setDraft(draft: string) {
    this.draft = draft;
  }
  @event({ optimistic: true, input: [z.string(), z.boolean()] }) mark(id: string, done: boolean) {
    const i = this.items.find((x) => x.id === id);
    if (i) i.done = done;
  }
  @event({ optimistic: true }) toggle(id: string) {
    const i = this.items.find((x) => x.id === id);
    if (i) i.done = !i.done;
    return i;
  }
  @event clear(): void {
    this.items = this.items.filter((i) => !i.done);
    this.#log.push(this.secret + this.hidden);
  }
  @event async *importFrom(url: string) {
    let n = 0;
    for await (const title of titles(url)) {
      this.add(title);
      yield ++n;
    }
    return { imported: n, at: new Date() };
  }
  @event *slowly() {
    yield "a";
    yield "b";
    return 3;
  }
}
