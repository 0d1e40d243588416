import { type Connection, computed, current, EventError, event, type Internal, newId, state, update } from "twinstate";
import { z } from "zod";
import { byline, type Person } from "./person";

export interface Option {
  id: string;
  text: string;
}

export interface Message {
  id: string;
  by: Person;
  text: string;
}

const MOST_OPTIONS = 60;
const MOST_MESSAGES = 200;
/** How long the import of an option takes, in ms. */
const PERIOD = 400;

const isMember = ({ visitor }: { visitor: { guest: boolean } }) => !visitor.guest;

/** A question to everybody who has its link. */
export class Poll {
  @state question = "";
  @state by: Person | undefined = undefined;
  @state open = true;
  @state options: Option[] = [];
  /** The chosen option of each voter. */
  @state votes = new Map<string, string>();
  @state chat: Message[] = [];
  /** The progress of an import. It is not stored, so a killed server leaves none behind. */
  @state({ persist: false }) importing: { done: number; of: number } | undefined = undefined;
  /** The people who are here, each once, however many tabs they have. */
  @state({ persist: false }) people: Person[] = [];
  /** The owner of each open tab. */
  @state({ private: true, persist: false }) private tabs = new Map<string, string>();

  @computed get counts() {
    const counts = new Map<string, number>();
    for (const option of this.votes.values()) counts.set(option, (counts.get(option) ?? 0) + 1);
    return counts;
  }

  @event({ internal: true }) begin(this: Internal<this>, question: string, options: string[], by: Person) {
    this.question = question;
    this.options = options.slice(0, MOST_OPTIONS).map((text) => ({ id: newId(), text }));
    this.by = by;
  }

  /** Votes. A second vote of a person replaces the first. */
  @event({ optimistic: true, input: [z.string().max(30)] }) vote(option: string) {
    const { visitor } = current();
    if (visitor.guest) throw new EventError("FORBIDDEN", "Give your name to vote.");
    if (!this.open) throw new EventError("FORBIDDEN", "This poll is closed.");
    if (this.options.some(({ id }) => id === option)) this.votes.set(visitor.id, option);
  }

  @event({ optimistic: true, input: [z.string().trim().min(1).max(300)] }) say(text: string) {
    const { visitor } = current();
    if (visitor.guest) throw new EventError("FORBIDDEN", "Give your name to say something.");
    this.chat.push({ id: newId(), by: byline(visitor), text });
    if (this.chat.length > MOST_MESSAGES) this.chat.shift();
  }

  /** Imports options in the background, so that votes do not wait. A cancelled import keeps its options, and removes the progress bar. */
  @event({ background: true, queue: "drop", per: "instance", input: [z.string().max(5000)], guard: isMember }) async importOptions(text: string) {
    const texts = linesOf(text);
    try {
      for (const [done, option] of texts.entries()) {
        await update(() => {
          this.importing = { done, of: texts.length };
        });
        await pause(PERIOD);
        await update(() => this.offer(option));
      }
    } finally {
      await update(() => {
        this.importing = undefined;
      });
    }
  }

  @event({ optimistic: true, guard: ({ visitor }, poll: Poll) => poll.by?.id === visitor.id }) close() {
    this.open = false;
  }

  protected onConnect({ id }: Connection) {
    const person = byline(current().visitor);
    this.tabs.set(id, person.id);
    this.people = [...this.people.filter((other) => other.id !== person.id), person];
  }

  protected onDisconnect({ id }: Connection) {
    const left = this.tabs.get(id);
    this.tabs.delete(id);
    if (![...this.tabs.values()].includes(left ?? "")) this.people = this.people.filter((person) => person.id !== left);
  }

  private offer(text: string) {
    if (this.open && this.options.length < MOST_OPTIONS) this.options.push({ id: newId(), text });
  }
}

/** The lines of a text that are not blank. */
export const linesOf = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim().slice(0, 100))
    .filter((line) => line !== "");

const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));
