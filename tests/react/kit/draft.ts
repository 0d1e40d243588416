import { computed, EventError, effect, event, state } from "twinstate";
import { z } from "zod";

export class Line {
  @state text = "";
  @state done = false;
  @computed get label() {
    return `${this.done ? "x" : "-"} ${this.text}`;
  }
  @event toggle() {
    this.done = !this.done;
  }
}

/** What somebody is writing: a store of one component. */
export class Draft {
  @state title: string;
  @state note = "";
  @state lines: Line[] = [];
  @state created = 0;
  lives: string[] = [];

  constructor(title = "untitled") {
    this.title = title;
  }

  @computed get left() {
    return this.lines.filter(({ done }) => !done).length;
  }
  @event(z.string().max(10, "Too long")) setTitle(title: string) {
    this.title = title;
  }
  @event setNote(note: string) {
    this.note = note;
  }
  @event(z.object({ text: z.string().min(2, "Too short") })) add({ text }: { text: string }) {
    this.lines.push(Object.assign(new Line(), { text }));
    return this.lines.length;
  }
  @event async save(send: (title: string) => Promise<string>) {
    this.note = "saving";
    const answer = await send(this.title);
    this.note = answer;
    effect.toast(answer);
    return answer;
  }
  @event fail() {
    this.title = "never";
    throw new EventError("FORBIDDEN", "No");
  }
  protected onCreate() {
    this.created++;
  }
  protected onLoad() {
    this.lives.push("load");
    lives.push("load");
  }
  protected onDispose() {
    lives.push("dispose");
  }
}

/** The lives of all drafts. */
export const lives: string[] = [];
