import { computed, EventError, effect, event, state } from "twinstate";

/** Whether the visitors of a session may see what is hidden. */
export const rights = new Map<string, boolean>();
const mayAudit = (context: object) => (context as { audits: boolean }).audits;

export class Item {
  @state title = "";
  @state count = 0;
  @state({ visibleTo: mayAudit }) hiddenPrice: string | undefined = "SECRET-price";
  @computed({ visibleTo: mayAudit }) get hiddenLabel(): string | undefined {
    return `${this.hiddenPrice} of ${this.title}`;
  }
  @state({ persist: false }) touches = 0;
  @state({ persist: false, visibleTo: mayAudit }) hiddenTouch: string | undefined = "SECRET-touch";
  /** Changes what is volatile alone. */
  @event({ optimistic: true }) touch() {
    this.touches++;
    this.hiddenTouch = `SECRET-touch-${this.touches}`;
  }
  @event({ optimistic: true }) bump() {
    this.count++;
  }
  @event({ optimistic: true }) discount() {
    this.hiddenPrice = `${this.hiddenPrice?.slice(0, 20)}-${this.count}`;
    this.title += "!";
  }
}

export class Board {
  @state items: Item[] = [];
  @state note = "";
  @state({ visibleTo: mayAudit }) hiddenItems: Item[] | undefined = [];
  @state({ visibleTo: mayAudit }) hiddenTotals: Map<string, unknown> | undefined = new Map([["SECRET-total", 1]]);
  @state({ persist: false, visibleTo: mayAudit }) hiddenNow: string | undefined = "SECRET-now";
  @computed get size(): number {
    return this.items.length;
  }
  @computed({ visibleTo: mayAudit }) get hiddenSum(): { of: string; items: readonly Item[] } | undefined {
    return { of: `SECRET-sum-${this.items.length}`, items: this.items };
  }
  #at(by: number): Item | undefined {
    return this.items[by % (this.items.length || 1)];
  }
  @event({ optimistic: true }) add(by: number) {
    const item = new Item();
    item.title = `item ${by}`;
    this.items.push(item);
    return item;
  }
  @event({ optimistic: true }) write(by: number) {
    this.note = `note ${by}`;
  }
  @event hide(by: number) {
    const item = this.#at(by);
    if (!item) return undefined;
    this.items = this.items.filter((other) => other !== item);
    this.hiddenItems?.push(item);
    return item;
  }
  @event reveal() {
    const item = this.hiddenItems?.pop();
    if (item) this.items.unshift(item);
    return { item };
  }
  @event total(by: number) {
    this.hiddenNow = `SECRET-now-${by}`;
    this.hiddenTotals?.set(`SECRET-${by}`, { item: this.#at(by), text: "SECRET-text" });
  }
  @event give(by: number) {
    return [this.#at(by), this.hiddenItems?.[0]];
  }
  @event async *each() {
    for (const item of this.items) yield item;
    if (this.hiddenItems?.[0]) yield this.hiddenItems[0];
  }
  @event fail(by: number) {
    throw new EventError("SOLD_OUT" as never, "There is none.", { left: by, item: this.#at(by) ?? this.hiddenItems?.[0] } as never);
  }
  @event bad() {
    this.hiddenTotals?.set("SECRET-function", () => {});
  }
  /** Three mistakes of the app's own, which let through what is hidden. */
  @event leak(by: number) {
    return this.#at(by)?.hiddenPrice;
  }
  @event leakIntoState(by: number) {
    this.note = `${this.#at(by)?.hiddenPrice}`;
  }
  @event leakByError(by: number) {
    throw new EventError("FORBIDDEN", `${this.#at(by)?.hiddenPrice}`);
  }
  @event tell(by: number) {
    (effect.everyone as unknown as { show(item: unknown): void }).show(this.#at(by));
  }
}

/** What shows that something hidden has come through: each name, and each value. */
export const HIDDEN = /hidden|SECRET/;
