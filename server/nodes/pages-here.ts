import type { Audience, Page, Refuse } from "../stream/feed.js";
import type { CommittedEvent } from "../wire/ran.js";

/** A page of this node that watches a followed host. */
export interface Here {
  /** The name that the owner knows it by. */
  readonly number: number;
  readonly page: Page;
  readonly stores: Set<string>;
  audience: Audience | undefined;
  /** Its events have ended up to this number. */
  ended: number;
  refuse: Refuse;
  /** The revision that it has, where the owner has not said yet how it goes on after that: the line was cut. */
  behind: number | undefined;
  /** How many of its wishes to watch are not answered. */
  asking: number;
}

/** Whether a page is told of frames. */
const isLive = ({ behind, stores }: Here): boolean => stores.size > 0 && behind === undefined;

/** The pages of this node that watch a followed host. */
export class PagesHere {
  readonly #pages = new Map<Page, Here>();
  #last = 0;

  get size(): number {
    return this.#pages.size;
  }

  [Symbol.iterator](): Iterator<Here> {
    return this.#pages.values();
  }

  of(page: unknown): Here | undefined {
    return this.#pages.get(page as Page);
  }

  numbered(number: number): Here | undefined {
    for (const here of this) if (here.number === number) return here;
    return undefined;
  }

  enter(page: Page, refuse: Refuse): Here {
    const found = this.#pages.get(page);
    if (found) return Object.assign(found, { refuse });
    const here: Here = { number: ++this.#last, page, stores: new Set(), audience: undefined, ended: 0, refuse, behind: undefined, asking: 0 };
    this.#pages.set(page, here);
    return here;
  }

  leave(page: Page): void {
    this.#pages.delete(page);
  }

  /** The pages that are told of frames. */
  get live(): Here[] {
    return [...this].filter(isLive);
  }

  /** Whether a page of an audience is told of frames. */
  isLive(audience: Audience | undefined): boolean {
    for (const here of this) if (here.audience === audience && isLive(here)) return true;
    return false;
  }

  /** Notes that events have ended: frames and ticks say so. */
  note(...events: readonly (CommittedEvent | undefined)[]): void {
    for (const event of events) for (const here of this) if (here.page.client === event?.client && event) here.ended = Math.max(here.ended, event.n);
  }

  /** The number up to which a client's events have ended; 0: none has. */
  endedOf(client: string | undefined): number {
    let ended = 0;
    for (const here of client === undefined ? [] : this) if (here.page.client === client) ended = Math.max(ended, here.ended);
    return ended;
  }
}
