import { unavailable } from "../../lib/errors/errors.js";
import type { HostRecord } from "../storage/records.js";
import type { Storage } from "../storage/storage.js";
import { createQueue, type Queue } from "../task/queue.js";
import type { Report } from "../wire/error-shape.js";
import type { SessionCookie } from "./session.js";

/** The call that has replaced a cookie. */
export interface ReplacingCall {
  readonly client: string;
  readonly n: number;
}

/** The prefix of the ids under which the storage keeps which cookie of a session is good. */
export const ROTATIONS = "rotation/";

/** How long a replaced cookie is answered with "send again", in ms: requests on their way are sent again with the new one. Later it belongs to no session. */
const TOLD = 600_000;
/** How long a node trusts what it knows, in ms, where another one may have replaced the cookie. */
const FRESH = 5000;
/** How many sessions are remembered. */
const MOST_KNOWN = 10_000;

interface Rotation {
  /** The generation of the cookie that is good. */
  readonly generation: number;
  /** The cookie that was replaced last: by which call, and when. */
  readonly before: number;
  readonly claim: ReplacingCall | undefined;
  readonly at: number;
}

interface Known {
  readonly queue: Queue;
  rotation: Rotation | undefined;
  /** When it was read or written, by the monotonic clock. */
  at: number;
}

export type Standing = "good" | "replaced" | "worthless";

/** Knows which cookie of a session is good: the one of the highest generation. It is stored as a record without stores. */
export class Rotations {
  readonly #storage: () => Storage;
  readonly #report: Report;
  readonly #known = new Map<string, Known>();

  constructor(storage: () => Storage, report: Report) {
    this.#storage = storage;
    this.#report = report;
  }

  /** A session that has just been made has one cookie. */
  begin(session: string): void {
    this.#remember(session);
  }

  /** Gives what a cookie is worth now: at once, where that is known. */
  standing(cookie: SessionCookie): Standing | Promise<Standing> {
    const known = this.#known.get(cookie.id);
    if (known && known.queue.size === 0 && this.#isFresh(known) && cookie.generation === (known.rotation?.generation ?? 0)) return "good";
    return this.#judge(cookie);
  }

  async #judge({ id, generation }: SessionCookie): Promise<Standing> {
    let { rotation } = await this.#of(id);
    // Another node may have issued this cookie.
    if (this.#isShared && generation > (rotation?.generation ?? 0)) ({ rotation } = await this.#load(id));
    const good = rotation?.generation ?? 0;
    if (generation === good) return "good";
    if (generation < good) return Date.now() - (rotation as Rotation).at < TOLD ? "replaced" : "worthless";
    // We have issued this cookie, and the storage has lost that: earlier ones are worthless all the same.
    await this.#write(id, { generation, before: generation - 1, claim: undefined, at: 0 });
    return "good";
  }

  /** Makes a new cookie the good one. Returns its generation. */
  async rotate(id: string, before: number, claim: ReplacingCall | undefined): Promise<number> {
    const { rotation } = await this.#of(id);
    const generation = Math.max(rotation?.generation ?? 0, before) + 1;
    await this.#write(id, { generation, before, claim, at: Date.now() });
    return generation;
  }

  /** Gives the generation of the new cookie to the call that has replaced the old one: its answer may be lost, and the cookie with it. */
  claimed({ id, generation }: SessionCookie, claim: ReplacingCall | undefined): number | undefined {
    const rotation = this.#known.get(id)?.rotation;
    const { client, n } = rotation?.claim ?? {};
    return claim && rotation?.before === generation && client === claim.client && n === claim.n ? rotation.generation : undefined;
  }

  async #of(id: string): Promise<Known> {
    const known = this.#known.get(id);
    if (!known || !this.#isFresh(known)) return this.#load(id);
    if (known.queue.size > 0) await known.queue.run(() => {});
    return this.#known.get(id) ?? this.#load(id);
  }

  get #isShared(): boolean {
    return this.#storage().nodes !== undefined;
  }

  #isFresh({ at }: Known): boolean {
    return !this.#isShared || performance.now() - at < FRESH;
  }

  /** What is read comes after all that is being written. */
  #load(id: string): Promise<Known> {
    const known = this.#known.get(id) ?? this.#remember(id);
    known.at = performance.now();
    return known.queue.run(async () => {
      try {
        const asked = performance.now();
        const loaded = await this.#storage().load(ROTATIONS + id);
        known.rotation = loaded && rotationOf(loaded.record);
        known.at = asked;
        return known;
      } catch (error) {
        this.#known.delete(id);
        this.#report("error", error);
        throw unavailable();
      }
    });
  }

  #write(id: string, rotation: Rotation): Promise<void> {
    const known = this.#known.get(id) ?? this.#remember(id);
    return known.queue.run(async () => {
      try {
        await this.#storage().save(ROTATIONS + id, recordOf(rotation));
      } catch (error) {
        this.#report("error", error);
        throw unavailable();
      }
      if (rotation.generation > (known.rotation?.generation ?? 0)) known.rotation = rotation;
    });
  }

  #remember(id: string): Known {
    const known: Known = { queue: createQueue(), rotation: undefined, at: performance.now() };
    this.#known.set(id, known);
    for (const [oldest, { queue }] of this.#known) {
      if (this.#known.size <= MOST_KNOWN) break;
      if (queue.size === 0) this.#known.delete(oldest);
    }
    return known;
  }
}

const recordOf = ({ generation, before, claim, at }: Rotation): HostRecord => ({
  incarnation: String(before),
  revision: generation,
  sequence: 0,
  stores: {},
  numbers: { [claim?.client ?? ""]: { next: claim?.n ?? 0, confirmed: 0, seen: at, answers: [], begun: [] } },
});

function rotationOf({ incarnation, revision, numbers }: HostRecord): Rotation {
  const [[client, { next, seen }] = ["", { next: 0, seen: 0 }]] = Object.entries(numbers);
  return { generation: revision, before: Number(incarnation), claim: client === "" ? undefined : { client, n: next }, at: seen };
}
