import type { Caller, ConnectionInfo } from "./context.js";

/**
 * The tabs that watch a store with connection hooks, or with a list of who is here. A tab that is back within the grace time, with the same user, has not left.
 */
export interface TabHooks {
  arrive(store: string, tab: Tab): void;
  leave(store: string, tab: Tab): void;
  /** Counts all tabs as gone: `onDisconnect` runs. */
  close(): Promise<void>;
  /** Forgets all tabs without running hooks. */
  clear(): void;
}

/** A page of a tab, by its stream. */
export interface Tab {
  readonly info: ConnectionInfo;
  readonly caller: Caller;
  readonly client: string | undefined;
}

export interface TabHooksOptions {
  /** How long a tab may be away before it counts as gone, in ms. */
  readonly grace: number;
  /** Keeps the host in memory until the returned function is called. */
  pin(): () => void;
  notify(store: string, hook: "onConnect" | "onDisconnect", tab: Tab): Promise<void>;
  /** A tab is here with these pages, of which `tab` has come last. Without pages it has gone. */
  here(store: string, tab: Tab, pages: ReadonlySet<Tab>): void;
}

interface Present {
  readonly store: string;
  /** The pages of the tab that watch the store: for a while two, when a page is loaded again. */
  readonly pages: Set<Tab>;
  /** The page that came last. */
  tab: Tab;
  /** Runs out when the tab stays away. */
  leaving: NodeJS.Timeout | undefined;
  release: () => void;
}

/** The user at a tab. A tab that comes back with another one, who has signed in or out, has left, and comes anew. */
function userOf({ caller }: Tab): unknown {
  const id = (caller.context as { user?: { id?: unknown } | null }).user?.id;
  return typeof id === "object" ? undefined : id;
}

const NOBODY: ReadonlySet<Tab> = new Set();

export function createTabHooks({ grace, pin, notify, here }: TabHooksOptions): TabHooks {
  const present = new Map<string, Present>();
  const idOf = (store: string, { info }: Tab) => `${store} ${info.id}`;

  async function depart(id: string, { store, tab, leaving, release }: Present): Promise<void> {
    clearTimeout(leaving);
    present.delete(id);
    here(store, tab, NOBODY);
    await notify(store, "onDisconnect", tab);
    release();
  }

  return {
    arrive(store, tab) {
      const id = idOf(store, tab);
      let found = present.get(id);
      if (found && !Object.is(userOf(found.tab), userOf(tab))) {
        void depart(id, found);
        found = undefined;
      }
      if (!found) {
        const pages = new Set([tab]);
        present.set(id, { store, pages, tab, leaving: undefined, release: () => {} });
        here(store, tab, pages);
        void notify(store, "onConnect", tab);
        return;
      }
      clearTimeout(found.leaving);
      found.release();
      found.pages.add(tab);
      Object.assign(found, { tab, leaving: undefined, release: () => {} });
      here(store, tab, found.pages);
    },
    leave(store, tab) {
      const id = idOf(store, tab);
      const found = present.get(id);
      if (!found?.pages.delete(tab)) return;
      if (found.pages.size > 0) {
        found.tab = [...found.pages].at(-1) as Tab;
        return here(store, found.tab, found.pages);
      }
      found.release = pin();
      found.leaving = setTimeout(() => void depart(id, found), grace);
    },
    async close() {
      for (const [id, one] of [...present]) await depart(id, one);
    },
    clear() {
      for (const { leaving, release } of present.values()) {
        clearTimeout(leaving);
        release();
      }
      present.clear();
    },
  };
}
