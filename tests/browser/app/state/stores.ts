import { computed, effect, event, type Page, state } from "twinstate";

export class Note {
  @state text: string;
  @state at = new Date(0);
  constructor(text = "") {
    this.text = text;
  }
  get words() {
    return this.text.split(" ");
  }
}

/** A visitor's notes. */
export class Notes {
  @state notes: Note[] = [];
  @state tags = new Map<string, number>();
  @computed get count() {
    return this.notes.length;
  }
  get longest() {
    return this.notes.reduce((most, note) => Math.max(most, note.words.length), 0);
  }
  @event add(text: string) {
    this.notes.push(new Note(text));
    for (const word of text.split(" ")) this.tags.set(word, (this.tags.get(word) ?? 0) + 1);
  }
  @event go(to: string) {
    this.notes.push(new Note(`gone to ${to}`));
    effect.redirect(to);
  }
}

/** What a page's search finds. */
export class Results {
  @state query = "";
  @state found: string[] = [];
  protected onLoad(page?: Page) {
    if (!page) return;
    this.query = String(page.search.q ?? "");
    this.found = ["milk", "tea", "water"].filter((one) => one.includes(this.query));
  }
}

/** Who has a room open. */
export class Room {
  @state here = 0;
  @state lines: string[] = [];
  @event say(line: string) {
    this.lines.push(line);
  }
  protected onConnect() {
    this.here++;
  }
  protected onDisconnect() {
    this.here--;
  }
}
