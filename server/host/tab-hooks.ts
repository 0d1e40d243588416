import type { Caller, ConnectionInfo } from "./context.js";

/** The tabs that watch a store with connection hooks. A tab that is back within the grace time, with the same user, has not left. */
export interface TabHooks {
  arrive(store: string, tab: Tab): void;
  leave(store: string, tab: Tab): void;
  /** Counts all tabs as gone: `onDisconnect` runs. */
  close(): Promise<void>;
  /** Forgets all tabs without running hooks. */
  clear(): void;
}

interface Tab {
  readonly info: ConnectionInfo;
  readonly caller: Caller;
}

export interface TabHooksOptions {
  /** How long a tab may be away before it counts as gone, in ms. */
  readonly grace: number;
  /** Keeps the host in memory until the returned function is called. */
  pin(): () => void;
  notify(store: string, hook: "onConnect" | "onDisconnect", tab: Tab): Promise<void>;
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

export function createTabHooks({ grace, pin, notify }: TabHooksOptions): TabHooks {
  const present = new Map<string, Present>();
  const idOf = (store: string, { info }: Tab) => `${store} ${info.id}`;

  async function depart(id: string, { store, tab, leaving, release }: Present): Promise<void> {
    clearTimeout(leaving);
    present.delete(id);
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
        present.set(id, { store, pages: new Set([tab]), tab, leaving: undefined, release: () => {} });
        void notify(store, "onConnect", tab);
        return;
      }
      clearTimeout(found.leaving);
      found.release();
      found.pages.add(tab);
      Object.assign(found, { tab, leaving: undefined, release: () => {} });
    },
    leave(store, tab) {
      const id = idOf(store, tab);
      const found = present.get(id);
      if (!found?.pages.delete(tab) || found.pages.size > 0) return;
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
