import { computed, current, EventError, event, newId, type Presence, presence, state } from "twinstate";
import { z } from "zod";
import { Audit } from "./audit";

const Title = z.string().trim().min(1).max(100);
const Own = z.object({ cursor: z.object({ x: z.number(), y: z.number() }).optional() });

export class Card {
  @state id: string;
  @state title: string;
  @state seconds = 0;
  constructor(id = "", title = "") {
    this.id = id;
    this.title = title;
  }

  @event(Title) rename(title: string) {
    this.title = title;
  }

  // ? a generator event of a model: not shown; "all options and tools of a store's event"
  @event(z.int().min(1).max(10)) async *countdown(from: number) {
    for (let left = from; left > 0; left--) {
      this.seconds = left;
      yield left;
      await new Promise<void>((resolve) => setTimeout(resolve, 1000));
    }
    this.seconds = 0;
    return "done";
  }
}

export class Column {
  @state id: string;
  @state title: string;
  @state cards: Card[] = [];
  constructor(id = "", title = "") {
    this.id = id;
    this.title = title;
  }

  @event(Title) rename(title: string) {
    this.title = title;
  }
  @event(z.string()) remove(cardId: string) {
    this.cards = this.cards.filter((card) => card.id !== cardId);
  }
}

export class Board {
  @state columns: Column[] = [];
  @state({ persist: false }) pointer: { x: number; y: number } | null = null;
  @presence({ of: ({ user }) => user && { name: user.name }, input: Own }) people!: Presence<{ name: string }, z.infer<typeof Own>>;

  protected onCreate() {
    this.columns.push(new Column(newId(), "To do"), new Column(newId(), "Done"));
  }

  @computed get count() {
    return this.columns.reduce((sum, column) => sum + column.cards.length, 0);
  }

  @event(Title, z.string()) add(title: string, column: string): string {
    const place = this.columns.find((one) => one.id === column || one.title === column);
    if (!place) throw new EventError("NOT_FOUND", "There is no such column.");
    const card = new Card(newId(), title);
    place.cards.push(card);
    return card.id;
  }

  @event({ volatile: true, input: [z.number(), z.number()] }) point(x: number, y: number) {
    this.pointer = { x, y };
  }

  // Another room: a message, which commits there. The return type is written, as the twin's type depends on this class.
  // ? server code is trusted: does the caller's right to the other room have to be checked here by hand? (`allow` is not asked; "Without `as`, a call from inside an event has the caller of that event")
  @event(z.string(), Title, z.string()) async addTo(board: string, title: string, column: string): Promise<string> {
    if (board === current().key) return this.add(title, column);
    const { twin } = await import("./server");
    return twin.board(board).add(title, column);
  }

  // ? may an event read its own room by $snapshot()? (it would wait for itself?) so it is avoided here
  @event(z.string()) async countOf(board: string): Promise<number> {
    if (board === current().key) return this.count;
    const { twin } = await import("./server");
    const { count } = await twin.board(board).$snapshot();
    return count;
  }

  // Another store of the same room, in the same commit.
  @event(z.string()) async removeColumn(id: string) {
    const { get, user } = current(); // ? may `get` be taken out of current()? The docs do `(await get(Poll)).open(…)`
    this.columns = this.columns.filter((column) => column.id !== id);
    (await get(Audit)).log(user?.name ?? "somebody", `removed column ${id}`);
  }
}
