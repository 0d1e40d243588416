// Compiled by each compiler and for both kinds of decorators: tests/unit/decorators.test.ts.
import { computed, event, state } from "twinstate";

export abstract class Base {
  @state name = "base";
  @state({ private: true }) protected secret = 1;
  @computed get loud(): string {
    return this.name.toUpperCase();
  }
  @event rename(name: string): string {
    this.name = name;
    return name;
  }
  @event keep(): number {
    return ++this.secret;
  }
  hidden(): number {
    return this.secret;
  }
}

export class Item {
  @state title: string;
  constructor(title = "untitled") {
    this.title = title;
  }
  @event retitle(title: string): void {
    this.title = title;
  }
}

type Constructor = new (...args: any[]) => object;
export function Timed<B extends Constructor>(Parent: B) {
  class Timed extends Parent {
    @state at = new Date(0);
    @event touch(ms: number): void {
      this.at = new Date(ms);
    }
  }
  return Timed;
}

class Middle extends Base {
  @state count = 0;
}

export class Child extends Timed(Middle) {
  static made = 0;
  static {
    Child.made = 1;
  }
  #log: string[] = [];
  @state items: Item[] = [];
  @state opt?: string;
  @state({ persist: false }) cursor = 0;
  @state({ keep: "localStorage" }) theme = "light";
  @state({ visibleTo: () => false }) revenue: number | undefined = 5;

  constructor(start = 3) {
    super();
    this.count = start;
  }

  override get loud(): string {
    return `${super.loud}!`;
  }
  @computed get total(): number {
    return this.items.length + this.count;
  }
  set total(value: number) {
    this.count = value - this.items.length;
  }
  @computed({ visibleTo: () => false }) get hiddenTotal(): number {
    return this.total;
  }
  @event override rename(name: string): string {
    return super.rename(`${name}?`);
  }
  override keep(): number {
    return super.keep() * 10;
  }
  @event({ queue: "latest", optimistic: true, volatile: true, debounce: 10, throttle: 20, guard: () => true }) log(line: string, times?: number): number {
    for (let n = times ?? 1; n > 0; n--) this.#log.push(line);
    return this.#log.length;
  }
  @event({ background: true, queue: "drop" }) async work(): Promise<void> {}
}
