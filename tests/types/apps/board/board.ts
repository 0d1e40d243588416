import { type Connection, computed, current, event, state } from "twinstate";
import { z } from "zod";
import { Audit } from "./audit";
import { twin } from "./server";
export class Card {
  @state votes = new Set<string>();
  @state meta = new Map<string, { at: Date }>();
  constructor(readonly id = "") {}
  @state title = "";
  private owner = "";
  @event rename(title: string) {
    this.title = title + this.owner;
    return this;
  }
  @event async *tick() {
    yield this.votes.size;
  }
}
export class Column {
  @state cards: Card[] = [];
  @state title = "";
  @event add(title: string) {
    const c = new Card(title);
    c.title = title;
    this.cards.push(c);
    return c;
  }
}
export class Board {
  @state columns: Column[] = [];
  @state byId: Record<string, Card> = {};
  @state people: { id: string; name: string; cursor?: { x: number; y: number } }[] = [];
  @state members = new Set<string>();
  @state tree: Tree = { value: 1, kids: [] };
  @computed get count() {
    return this.columns.reduce((n, c) => n + c.cards.length, 0);
  }
  protected onConnect(connection: Connection) {
    this.people.push({ id: connection.id, name: current().user?.name ?? "?" });
  }
  @event add(title: string, column = 0) {
    return this.columns[column]?.add(title);
  }
  @event({ volatile: true, input: [z.number(), z.number()] }) point(x: number, y: number) {
    void x;
    void y;
  }
  // calls that go round: server.ts imports this file, this file imports twin
  @event async forward(key: string) {
    await twin.board(key).add("x");
  }
  @event async forwardReturning(key: string) {
    return twin.board(key).add("x");
  }
  @event async copyCount(key: string) {
    return (await twin.board(key).$snapshot()).count;
  }
  @event async copyMine(sessionId: string) {
    return (await twin.mine(sessionId).$snapshot()).text;
  }
  @event async log() {
    const audit = await current().get(Audit);
    return audit.note("x");
  }
  @event async viaGet() {
    return (await current().get(Board)).add("y");
  }
  @event async who() {
    return { user: current().user, key: current().key, id: current().eventId };
  }
}
export interface Tree {
  value: number;
  kids: Tree[];
}
