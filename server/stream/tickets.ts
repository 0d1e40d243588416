import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { oldTicket } from "../../lib/errors/errors.js";
import type { Sessions } from "../access/session.js";
import { type WatchInput, watchesOf } from "../wire/request-input.js";

/** How long a ticket waits for its stream, in ms. */
const LIFE = 30_000;
/** How many characters a ticket has at most, as it stands in a URL. */
const LONGEST = 2000;
/** How many characters of watches are tried, before they are compressed. */
const MOST_TEXT = 1 << 14;
/** How many used tickets are remembered. */
const MOST_USED = 50_000;

/** What keys are derived for. Another form of tickets has another number. */
const PURPOSE = "twinstate ticket 1";
const CIPHER = "aes-256-gcm";
const KEY = 32;
const IV = 12;
const SALT = 16;
const TAG = 16;

/** What a ticket stands for. */
export interface Ticket {
  readonly client: string;
  readonly epoch: number;
  readonly watch: readonly WatchInput[];
}

/** A ticket as a client has it. `rest`: how many watches, from the end, have no place in it. */
export interface SealedTicket {
  readonly ticket: string;
  readonly rest: number;
}

/**
 * The tickets of streams that are about to open. What a ticket stands for is in it, sealed for its session with a key of its own, so any process with the
 * secret can open it, and one that waits costs no memory. This process remembers those that it has opened, as each may be used once.
 */
export class Tickets {
  readonly #sessions: Pick<Sessions, "derive">;
  /** The salts of used tickets, and when each runs out: in the order of their use. */
  readonly #used = new Map<string, number>();

  constructor(sessions: Pick<Sessions, "derive">) {
    this.#sessions = sessions;
  }

  /** How many used tickets are remembered. */
  get used(): number {
    return this.#used.size;
  }

  seal(session: string, { client, epoch, watch }: Ticket): SealedTicket {
    const until = Date.now() + LIFE;
    const sent = watch.map(({ refused, ...want }) => ({ ...want, refused: refused ? 1 : undefined }));
    let count = fitting(sent);
    for (;;) {
      const ticket = this.#encrypt(session, deflateRawSync(JSON.stringify([client, epoch, until, sent.slice(0, count)])));
      if (ticket.length <= LONGEST || count === 0) return { ticket, rest: watch.length - count };
      count = Math.min(count - 1, Math.floor((count * LONGEST) / ticket.length));
    }
  }

  #encrypt(session: string, content: Buffer): string {
    const salt = randomBytes(SALT);
    const cipher = createCipheriv(CIPHER, ...this.#keyOf(salt)).setAAD(Buffer.from(session));
    return Buffer.concat([salt, cipher.update(content), cipher.final(), cipher.getAuthTag()]).toString("base64url");
  }

  /** The key and the initialisation vector of one ticket. */
  #keyOf(salt: Buffer): [Buffer, Buffer] {
    const bytes = this.#sessions.derive(PURPOSE, salt, KEY + IV);
    return [bytes.subarray(0, KEY), bytes.subarray(KEY)];
  }

  /**
   * Opens a ticket of a session, which is used up by that.
   * @throws EventError where it is none, or is of another session, used or too old
   */
  use(session: string, ticket: unknown): Ticket {
    const now = Date.now();
    for (const [salt, until] of this.#used) {
      if (until > now && this.#used.size < MOST_USED) break;
      this.#used.delete(salt);
    }
    const sealed = typeof ticket === "string" && ticket.length <= LONGEST ? Buffer.from(ticket, "base64url") : Buffer.alloc(0);
    if (sealed.length <= SALT + TAG) throw oldTicket();
    const salt = sealed.subarray(0, SALT);
    const [client, epoch, until, watch] = JSON.parse(this.#decrypt(session, salt, sealed)) as [string, number, number, unknown];
    const name = salt.toString("base64url");
    if (until <= now || this.#used.has(name)) throw oldTicket();
    this.#used.set(name, until);
    return { client, epoch, watch: watchesOf(watch) };
  }

  #decrypt(session: string, salt: Buffer, sealed: Buffer): string {
    const decipher = createDecipheriv(CIPHER, ...this.#keyOf(salt), { authTagLength: TAG }).setAAD(Buffer.from(session));
    decipher.setAuthTag(sealed.subarray(-TAG));
    try {
      return inflateRawSync(Buffer.concat([decipher.update(sealed.subarray(SALT, -TAG)), decipher.final()])).toString();
    } catch {
      throw oldTicket();
    }
  }
}

/** How many watches may have a place in a ticket, if they compress well. */
function fitting(watch: readonly object[]): number {
  let text = 0;
  let count = 0;
  for (const one of watch) {
    text += JSON.stringify(one).length;
    if (text > MOST_TEXT) break;
    count++;
  }
  return count;
}
