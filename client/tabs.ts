import type { TabMessage } from "../lib/wire/protocol.js";
import { type Divert, EVENT } from "./stream.js";

// One stream for all tabs of a session, as browsers give a site six lines over HTTP/1.1 for all its tabs. The tab that holds the lock leads: by its line
// the server sends the messages of all, and the leader hands on those of other tabs as they come, each by a channel of that tab's own. Each tab keeps a
// connection of its own: PROTOCOL.md §2.

/** Names a line: the client id and the epoch of the tab that has opened it. */
type LineName = readonly [client: string, epoch: number];

/** The stream that a tab wants to have. */
export interface Wanted {
  /** The same for all tabs that may share a line: where the server is, and whose session it is. */
  readonly name: string;
  readonly ticket: string;
  readonly self: LineName;
  /** Aborted when the tab no longer wants it. */
  readonly line: AbortController;
  /** Asks the server. */
  ask(procedure: string, input: object): Promise<unknown>;
  /** Reads a stream of the tab's own, until it is over or `line` is aborted. */
  read(line: AbortController, divert?: Divert): Promise<void>;
  take(message: TabMessage): void;
}

/** How long nobody may answer who leads, and how long a leader may be silent that was asked for a sign of life, in ms. */
const PATIENCE = 3000;
/** How often a tab asks who leads, in ms. */
const ASKING = 1000;
/** Milliseconds of silence after which a tab asks its leader for a sign of life, while it is shown and while it is hidden. */
const SHOWN = 2000;
const HIDDEN = 30_000;
/** How much a tab may leave unread for longer than its leader has patience, in UTF-16 units. */
const UNREAD = 1_000_000;
/** How long those without a leader wait before they look for another one, in ms, at most. */
const LEADERLESS = 100;
/** How long a hidden tab keeps a stream of its own, in ms, where streams cannot be shared. */
const GIVE_WAY = 30_000;

// The words that tabs exchange, beside events and the names of lines.
/** Are you there? Who leads? */
const ASK = "?";
const HERE = "!";
/** The leader has no line yet. */
const SOON = "soon";
const OVER = "over";

const STOLEN = "stolen";

/** Releases the lock. */
type Release = () => void;

/**
 * Brings a tab its messages, by whichever line, until that is over. Gives how long to wait before the next stream is asked for, in ms; `undefined`: as
 * after any failure. Hidden tabs close their streams where a browser cannot share one.
 */
export async function shareStream(wanted: Wanted): Promise<number | undefined> {
  const { line, name } = wanted;
  if (!navigator.locks || !globalThis.BroadcastChannel) return giveWay(wanted);
  if (line.signal.aborted) return undefined;
  const all = new BroadcastChannel(name);
  // The channel closes at once: browsers cache no page that has a channel or a lock.
  line.signal.addEventListener("abort", () => all.close());
  try {
    const found = await find(wanted, all);
    if (typeof found === "function") return await lead(wanted, all, found);
    return found && (await follow(wanted, all, found));
  } catch {
    // A page without storage has no locks.
    return giveWay(wanted);
  } finally {
    all.close();
  }
}

const isLine = (said: unknown): said is LineName => Array.isArray(said);
const soon = () => Math.random() * LEADERLESS;
const channelOf = ({ name }: Wanted, tab: number) => new BroadcastChannel(`${name} ${tab}`);

/** Takes the lock, and gives what releases it; `undefined` where it is no longer waited for. When it is stolen, the tab's line is over. */
function hold({ name, line }: Wanted, options: LockOptions): Promise<Release | undefined> {
  return new Promise((resolve, reject) => {
    let held = false;
    const over = navigator.locks.request(name, options, () => {
      held = true;
      return new Promise<void>((release) => resolve(release));
    });
    over.catch((error: Error) => {
      if (error.name !== "AbortError") return reject(error);
      if (held) line.abort(STOLEN);
      resolve(undefined);
    });
  });
}

/** Waits until the tab has the lock, and gives what releases it, or until the tab that has it tells its line. One that says nothing loses it. */
function find(wanted: Wanted, all: BroadcastChannel): Promise<Release | LineName | undefined> {
  return new Promise((resolve, reject) => {
    const search = new AbortController();
    const { signal } = search;
    const found = (what?: Release | LineName) => {
      clearTimeout(patience);
      clearInterval(asking);
      search.abort();
      all.onmessage = null;
      resolve(what);
    };
    const take = (options: LockOptions) =>
      hold(wanted, options).then(
        (release) => release && (signal.aborted ? release() : found(release)),
        (error) => {
          reject(error);
          found();
        },
      );
    // A random wait, so that tabs do not steal the lock at the same time.
    const wait = () => setTimeout(take, PATIENCE * (1 + Math.random() * 0.7), { steal: true });
    let patience = wait();
    const ask = () => all.postMessage(ASK);
    const asking = setInterval(ask, ASKING);
    all.onmessage = ({ data }) => {
      if (isLine(data)) found(data);
      if (data !== SOON) return;
      clearTimeout(patience);
      patience = wait();
    };
    wanted.line.signal.addEventListener("abort", () => found(), { signal });
    ask();
    void take({ signal });
  });
}

// --- the tab that leads ---

async function lead(wanted: Wanted, all: BroadcastChannel, release: Release): Promise<number | undefined> {
  const { ask, line, self } = wanted;
  const readers = new Map<number, Reader>();
  let open = false;
  /** The tab that the next events belong to; 0: the leader. */
  let to = 0;
  const drop = (tab: number) => {
    readers.get(tab)?.close();
    readers.delete(tab);
    ask("$leave", { line: self, tab }).catch(() => {});
  };
  const end = () => {
    release();
    for (const reader of readers.values()) reader.close();
    readers.clear();
  };
  line.signal.addEventListener("abort", end);
  if (line.signal.aborted) {
    end();
    return undefined;
  }
  const readerOf = (tab: number) => {
    let reader = readers.get(tab);
    if (!reader) {
      reader = new Reader(channelOf(wanted, tab), () => drop(tab));
      readers.set(tab, reader);
    }
    return reader;
  };
  all.onmessage = ({ data }) => {
    if (data === ASK) all.postMessage(open ? self : SOON);
    else if (typeof data === "number") readerOf(data);
  };
  // Before others lose their patience.
  all.postMessage(SOON);
  const divert: Divert = (text, event, data) => {
    if (event === "ping") {
      // The line is alive: are those who read by it?
      for (const [tab, reader] of readers) if (!reader.ask()) drop(tab);
      return false;
    }
    if (event === "tab") {
      to = Number(data);
      return true;
    }
    if (to > 0) {
      if (!readerOf(to).hand(text)) drop(to);
      return true;
    }
    if (!event && !open) {
      open = true;
      all.postMessage(self);
    }
    return false;
  };
  await wanted.read(line, divert);
  end();
  return line.signal.reason === STOLEN ? soon() : undefined;
}

/** Another tab, as the leader knows it. What it leaves unread is bounded: browsers keep all that a frozen page is told. */
class Reader {
  readonly #channel: BroadcastChannel;
  /** Events that come in one turn are posted together. */
  #events = "";
  #unread = 0;
  /** Since when it owes a sign of life; 0: it owes none. */
  #asked = 0;

  constructor(channel: BroadcastChannel, gone: () => void) {
    this.#channel = channel;
    channel.onmessage = ({ data }) => {
      if (data === ASK) channel.postMessage(HERE);
      else if (data === OVER) gone();
      else {
        this.#unread = 0;
        this.#asked = 0;
      }
    };
    channel.postMessage(HERE);
  }

  /** Asks for a sign of life. `false`: the last one was not given. */
  ask(): boolean {
    if (this.#asked > 0) return false;
    this.#asked = Date.now();
    this.#channel.postMessage(ASK);
    return true;
  }

  /** Hands an event on. `false`: too much is unread, and has been for long. */
  hand(event: string): boolean {
    if (this.#unread > UNREAD && Date.now() - this.#asked > PATIENCE) return false;
    if (this.#events === "") queueMicrotask(() => this.#send());
    this.#events += `${event}\n\n`;
    this.#unread += event.length;
    return true;
  }

  #send(): void {
    if (this.#events === "") return;
    this.#channel.postMessage(this.#events);
    this.#events = "";
    if (this.#unread > UNREAD / 4) this.ask();
  }

  close(): void {
    this.#events = "";
    this.#channel.postMessage(OVER);
    this.#channel.close();
  }
}

// --- the others ---

/** Has the leader's line bring the tab's messages. */
function follow(wanted: Wanted, all: BroadcastChannel, leader: LineName): Promise<number | undefined> {
  const { ask, line, name, take, ticket } = wanted;
  const tab = 1 + Math.floor(Math.random() * 2 ** 31);
  const mine = channelOf(wanted, tab);
  const followed = new AbortController();
  const { signal } = followed;
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout>;
    const over = (pause?: number) => {
      if (signal.aborted) return;
      followed.abort();
      clearTimeout(timer);
      all.onmessage = null;
      mine.postMessage(OVER);
      mine.close();
      resolve(pause);
    };
    const leaderless = () => over(soon());
    // The leader's timers may be throttled, what it is told is not.
    const check = () => {
      mine.postMessage(ASK);
      clearTimeout(timer);
      timer = setTimeout(leaderless, PATIENCE);
    };
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(check, document.hidden ? HIDDEN : SHOWN);
    };
    mine.onmessage = ({ data }) => {
      heard();
      if (data === ASK) mine.postMessage(HERE);
      else if (data === OVER) leaderless();
      else if (data !== HERE && !read(data)) over();
    };
    /** `false`: the connection is over. */
    const read = (events: string) => {
      try {
        for (const text of events.split("\n\n")) {
          const [, event, data] = EVENT.exec(text) ?? [];
          if (event === "return") return false;
          if (!event && data) take(JSON.parse(data) as TabMessage);
          if (signal.aborted) return true;
        }
        return true;
      } catch {
        return false;
      }
    };
    all.onmessage = ({ data }) => isLine(data) && String(data) !== String(leader) && leaderless();
    line.signal.addEventListener("abort", () => over(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || check(), { signal });
    // All who follow are let in, one after the other, when nobody leads any more.
    navigator.locks.request(name, { mode: "shared", signal }, leaderless).catch(() => {});
    if (line.signal.aborted) return over();
    // By that the leader opens its end, and says so.
    all.postMessage(tab);
    check();
    ask("$join", { line: leader, ticket, tab }).catch(() => over());
  });
}

// --- where tabs cannot share ---

/** A stream of the tab's own, while it is shown. */
async function giveWay({ line, read }: Wanted): Promise<number | undefined> {
  const mine = new AbortController();
  const over = new AbortController();
  const { signal } = over;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let gone = false;
  const look = () => {
    clearTimeout(timer);
    if (!document.hidden) return;
    timer = setTimeout(() => {
      gone = true;
      mine.abort();
    }, GIVE_WAY);
  };
  line.signal.addEventListener("abort", () => mine.abort(), { signal });
  document.addEventListener("visibilitychange", look, { signal });
  look();
  if (!line.signal.aborted) await read(mine);
  clearTimeout(timer);
  if (gone && document.hidden)
    await new Promise((shown) => {
      document.addEventListener("visibilitychange", shown, { signal });
      line.signal.addEventListener("abort", shown, { signal });
    });
  over.abort();
  return gone ? 0 : undefined;
}
