import { computed, current, event, newId, type Presence, presence, state } from "twinstate";
import { z } from "zod";
import { type Guest, guestOf } from "./guest";
import { byline, type Person } from "./person";

export interface Card {
  id: string;
  title: string;
  by: Person;
}

export interface Column {
  id: string;
  title: string;
  cards: Card[];
}

const Id = z.string().max(30);
const Title = z.string().trim().min(1).max(200);
const Index = z.number().int().min(0);

/** What a tab shows of itself: its pointer, as a part of the board's width, and in pixels from its top. */
const Own = z.object({ cursor: z.object({ x: z.number().min(0).max(1), y: z.number().min(0).max(100_000) }).optional() });

/** A board that is shared by everybody who has its link. */
export class Board {
  @state columns: Column[] = [
    { id: "todo", title: "To do", cards: [] },
    { id: "doing", title: "Doing", cards: [] },
    { id: "done", title: "Done", cards: [] },
  ];
  /** The tabs that show the board. */
  @presence({ of: guestOf, input: Own }) guests!: Presence<Guest, z.infer<typeof Own>>;

  @computed get count() {
    return this.columns.reduce((count, { cards }) => count + cards.length, 0);
  }

  @event({ optimistic: true, input: [Id, Title], revalidate: ["boards"] }) add(columnId: string, title: string) {
    const id = newId();
    this.column(columnId)?.cards.push({ id, title, by: byline(current().visitor) });
    return id;
  }

  @event({ optimistic: true, input: [Id, Title] }) rename(cardId: string, title: string) {
    const card = this.columnOf(cardId)?.cards.find(({ id }) => id === cardId);
    if (card) card.title = title;
  }

  /** Moves a card to an index in a column, counted without the card itself. */
  @event({ optimistic: true, input: [Id, Id, Index] }) move(cardId: string, columnId: string, index: number) {
    const from = this.columnOf(cardId);
    const to = this.column(columnId);
    if (!from || !to) return;
    const [card] = from.cards.splice(
      from.cards.findIndex(({ id }) => id === cardId),
      1,
    );
    if (card) to.cards.splice(index, 0, card);
  }

  @event({ optimistic: true, input: [Id], revalidate: ["boards"] }) remove(cardId: string) {
    const column = this.columnOf(cardId);
    if (column) column.cards = column.cards.filter(({ id }) => id !== cardId);
  }

  @event({ optimistic: true, input: [Title] }) addColumn(title: string) {
    const id = newId();
    this.columns.push({ id, title, cards: [] });
    return id;
  }

  @event({ optimistic: true, input: [Id, Title] }) renameColumn(columnId: string, title: string) {
    const column = this.column(columnId);
    if (column) column.title = title;
  }

  @event({ optimistic: true, input: [Id], revalidate: ["boards"] }) removeColumn(columnId: string) {
    this.columns = this.columns.filter(({ id }) => id !== columnId);
  }

  private column(columnId: string) {
    return this.columns.find(({ id }) => id === columnId);
  }

  private columnOf(cardId: string) {
    return this.columns.find(({ cards }) => cards.some(({ id }) => id === cardId));
  }
}
