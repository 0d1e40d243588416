import { computed, current, event, newId, state } from "twinstate";
import { z } from "zod";

export interface Item {
  id: string;
  title: string;
  done: boolean;
  tags: string[];
}

/** The titles behind an address, one by one. */
async function* titlesOf(url: string, signal: AbortSignal): AsyncGenerator<string> {
  const response = await fetch(url, { signal });
  for (const line of (await response.text()).split("\n")) if (line.trim()) yield line.trim();
}

export class Todo {
  @state items: Item[] = [];
  @state draft = "";
  @state({ private: true }) private secret = "";

  @computed get left() {
    return this.items.filter((item) => !item.done).length;
  }

  // ? an optional second parameter with a schema: `z.array(z.string()).optional()` and `tags?: string[]`; the docs only speak of optional parameters *without* schemas ("or a schema"), no example
  @event(z.string().trim().min(1).max(200), z.array(z.string().max(30)).optional()) add(title: string, tags?: string[]) {
    const id = newId();
    this.items.push({ id, title, done: false, tags: tags ?? [] });
    this.draft = "";
    return id;
  }

  @event(z.string().max(200)) setDraft(draft: string) {
    this.draft = draft;
  }

  @event({ optimistic: true, input: [z.string(), z.boolean()] }) mark(id: string, done: boolean) {
    const item = this.items.find((one) => one.id === id);
    if (item) item.done = done;
  }

  @event({ optimistic: true }) toggle(id: string) {
    const item = this.items.find((one) => one.id === id);
    if (item) item.done = !item.done;
  }

  @event({ optimistic: true }) clear() {
    this.items = this.items.filter((item) => !item.done);
  }

  /** Uses the private field, on the server alone. */
  @event(z.string().max(100)) keepSecret(secret: string) {
    this.secret = secret;
    return this.secret.length;
  }

  // Holds the store's queue until it ends; each `yield` commits.
  @event({ timeout: 300_000, input: [z.url()] }) async *importFrom(url: string) {
    let imported = 0;
    for await (const title of titlesOf(url, current().signal)) {
      this.items.push({ id: newId(), title, done: false, tags: [] });
      yield ++imported;
    }
    return { imported, at: new Date() };
  }
  // ? the whole class (with titlesOf) reaches the browser; the docs advise a subclass on the server ("Server-only code"), but its example overrides a method, and it does not say whether an @event that only the subclass has is known to hooks
}
