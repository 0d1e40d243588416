import { useContext, useEffect, useState, useSyncExternalStore } from "react";
import type { Client } from "../client/client.js";
import { type LocalPage, LocalStore } from "../client/local-store.js";
import type { View } from "../lib/class/view-types.js";
import { noLocalClass, notFresh } from "../lib/errors/local-errors.js";
import { nodeOf } from "../lib/graph/node.js";
import { ClientContext } from "./context.js";
import { createView, type ViewSource } from "./view.js";

/** A class, or a function that makes a new instance of one. */
export type LocalInit<T extends object> = (new () => T) | (() => T);

/**
 * A store of this component alone, in the browser: the same class syntax, without a server. It begins when the component mounts, and ends when that unmounts.
 * Returns a view, as the hooks of `createHooks` do: the component renders again when something that it has read changes. Events run at once.
 *
 * On the server, and while a page hydrates, the component renders with what the class begins with.
 * @param init the class, or, where a store begins with something of the component, a function that makes an instance. It is read once.
 * @throws StateError for a class without decorators, and one that needs a server: `visibleTo`, `keep`, a `guard`
 * @example
 * const draft = useLocal(Draft);
 * return <form action={draft.save.form}><input {...useField(draft, "title")} /></form>;
 * @example const draft = useLocal(() => new Draft(item.title));
 */
export function useLocal<T extends object>(init: LocalInit<T>): View<T> {
  const client = useContext(ClientContext);
  const [made, setMade] = useState(() => make(init));
  let shown = made;
  // A class that hot reload has replaced, or another one.
  if (isClass(init) && made.init !== init) {
    shown = make(init);
    setMade(shown);
  }
  const { store, source } = shown;
  useEffect(() => {
    store.page = client ? pageOf(client) : ALONE;
  }, [store, client]);
  return useSyncExternalStore(source.subscribe, source.get, source.getServer) as View<T>;
}

interface Made {
  readonly init: unknown;
  readonly store: LocalStore;
  readonly source: ViewSource;
}

function make(init: LocalInit<object>): Made {
  if (typeof init !== "function") throw noLocalClass(init);
  const instance: unknown = isClass(init) ? new init() : init();
  if (typeof instance !== "object" || instance === null) throw noLocalClass(instance);
  if (nodeOf(instance)) throw notFresh(instance.constructor.name);
  const store = new LocalStore(instance, ALONE);
  const made = { init, store, source: createView(store, undefined) };
  gone.register(made, store);
  return made;
}

/** Renders that React has thrown away leave stores behind that nobody has mounted with. */
const gone = new FinalizationRegistry((store: LocalStore) => store.rest());

/** A class has a prototype that cannot be replaced. */
const isClass = (init: LocalInit<object>): init is new () => object => Object.getOwnPropertyDescriptor(init, "prototype")?.writable === false;

/** A page with a `<TwinProvider>`, which has the app's effects. */
const pageOf = ({ parts: { effects, unheard } }: Client): LocalPage => ({ effect: (name, args) => effects.tell(name, args), unheard });

/** A page without one. */
const ALONE: LocalPage = {
  effect(name, args) {
    import("./effects.js").then(async ({ builtIn }) => (await builtIn(name))(...args)).catch(console.error);
  },
  unheard: (error) => console.error("twinstate:", error),
};
