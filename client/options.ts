import type { Classes } from "../lib/class/view-registry.js";
import type { KeepPlace } from "../lib/wire/kept-text.js";
import type { SocketOptions } from "./socket.js";

/** The address of a client's server, and how it connects. */
export interface ClientOptions extends SocketOptions {
  /**
   * The path or URL at which the twin's route is mounted.
   * @default "/api/twin"
   */
  url?: string | undefined;
  /**
   * How the stream comes. `"websocket"` needs a server that has called `twin.attach()`. Where no socket opens, as behind some proxies, server-sent events
   * take its place, and sockets are tried again later. Events are requests over HTTP all the same, unless the server takes them by its sockets
   * (`attach(server, { events: true })`).
   * @default "sse"
   */
  transport?: "sse" | "websocket" | undefined;
  /** Makes the requests: to add headers, or to test. @default the global `fetch` */
  fetch?: typeof fetch | undefined;
  /**
   * How long a twin that nobody uses stays watched, in ms.
   * @default 30,000
   */
  linger?: number | undefined;
  /**
   * How many calls may wait for their answers, as while the line is down. Those beyond are refused with `OFFLINE`, and have not run.
   * @default 1,000
   */
  maxPending?: number | undefined;
  /**
   * Where the id of the tab is kept between its pages: a page that is loaded again goes on as the same tab, with its `tab` stores.
   * @default `sessionStorage` in browsers; elsewhere each client is a tab of its own
   */
  tabStorage?: Record<string, string> | undefined;
  /**
   * Keeps the states of stores and the calls without an answer in this browser: a page that is loaded without a network shows the last state, and what is
   * called there is sent once after it, also after the tab was closed. Everything is deleted when the server says that the session or the user is another one.
   * The page itself has to come by a service worker: `docs/OFFLINE.md`. An object says where everything is kept, for tests.
   * @default false
   * @example createHooks<Twin>({ offline: true })
   */
  offline?: boolean | OfflinePlaces | undefined;
  /**
   * Where kept fields are (`@state({ keep })`), in the place of the browser's own storages and cookies: for tests, and for programs that are no browser.
   * @default those of the browser; elsewhere nothing is kept
   */
  keptIn?: Partial<Record<KeepPlace, Record<string, string>>> | undefined;
}

/** The places in which a client keeps what it needs offline. */
export interface OfflinePlaces {
  /** @default the browser's */
  indexedDB?: IDBFactory | undefined;
  /** @default the browser's */
  locks?: LockManager | undefined;
}

/** Classes that the browser has, by the names under which the server knows them. */
export interface BrowserClasses {
  stores?: Classes | undefined;
  models?: Classes | undefined;
}
