import { computed, event, newId, type Presence, presence, state } from "twinstate";
import { z } from "zod";

const Own = z.object({ card: z.string().optional() });

export class Card {
  @state id: string;
  @state title: string;
  @state votes = new Set<string>();

  constructor(id = "", title = "") {
    this.id = id;
    this.title = title;
  }
  get popular() {
    return this.votes.size > 2;
  }
  @event({ optimistic: true }) rename(title: string) {
    this.title = title;
  }
}

export class Column {
  @state name = "";
  @state cards: Card[] = [];

  @event({ optimistic: true }) add(title: string) {
    this.cards.push(new Card(newId(), title));
  }
}

export class Board {
  @state owner = "";
  @state members = new Set<string>();
  @state columns: Column[] = [];
  @state({ visibleTo: ({ user }) => user?.name === "auditor" }) log: string[] | undefined = [];
  @state({ private: true }) private secret = "";
  @presence({ of: ({ user }) => (user ? { name: user.name } : null), input: Own }) people!: Presence<{ name: string }, z.infer<typeof Own>>;

  @computed get size() {
    return this.columns.reduce((sum, column) => sum + column.cards.length, 0);
  }
  @event({ optimistic: true }) addColumn(name: string) {
    this.columns.push(Object.assign(new Column(), { name }));
  }
  @event({ optimistic: true }) move(id: string, from: number, to: number) {
    const card = this.columns[from]?.cards.find((one) => one.id === id);
    if (!card) return;
    const source = this.columns[from];
    if (source) source.cards = source.cards.filter((one) => one !== card);
    this.columns[to]?.cards.push(card);
  }
  @event({ guard: ({ user }, board: Board) => user?.id === board.owner }) invite(user: string) {
    this.members.add(user);
  }
  protected guess() {
    return this.secret;
  }
}
