import type { Models, Stores } from "../../server/definition/scope.js";
import { type PairOptions, pair } from "../../testing/index.js";
import { BrowserPlaces, type PagePlaces } from "./browser-places.js";

/** A server, and the pages of one browser, which keep what they have (`offline`). */
export function openBrowser<S extends Stores, M extends Models = {}>({ browser, ...options }: PairOptions<S, M>) {
  const places = new BrowserPlaces();
  // Each client of the pair reads the options once.
  const eachPage = Object.defineProperty({ ...browser }, "offline", { get: () => places.page(), enumerable: true });
  const net = pair<S, M>({ ...options, browser: eachPage } as PairOptions<S, M>);
  type Page = ReturnType<typeof net.client>;
  const placesOf = new Map<Page, PagePlaces>();
  const noted = (page: Page) => {
    placesOf.set(page, places.pages.at(-1) as PagePlaces);
    return page;
  };
  return {
    net,
    places,
    open: () => noted(net.client()),
    /** Another tab of the same session. */
    tab: (page: Page) => noted(net.tab(page)),
    /** Kills a page at any moment, as a browser that crashes does. */
    kill(page: Page) {
      placesOf.get(page)?.kill();
      page.$close();
    },
    /** Kills a page, and loads it again, in the same tab. */
    reload(page: Page, offline = false) {
      placesOf.get(page)?.kill();
      const next = noted(net.reload(page));
      if (offline) net.cut(next);
      return next;
    },
    [Symbol.asyncDispose]: () => net[Symbol.asyncDispose](),
  };
}
