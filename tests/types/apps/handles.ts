import { current, EventError, effect, event, type Interrupted, type Loaded, state, type View } from "twinstate";
import { createTwin, memory, type RemoteStore, scope } from "twinstate/server";
import { Board, Card, Column } from "./board/board";
import { context } from "./context";
import { Stats } from "./dash/stats";
import { type Equal, is } from "./equal";
import { Settings } from "./todo/settings";
import { Todo } from "./todo/todo";

const twin = createTwin({
  stores: {
    todo: Todo,
    todo2: scope.session(Todo),
    settings: scope.user(Settings),
    draft: scope.tab(Todo),
    row: scope.tab(Todo, { keyed: true, guard: ({ visitor }, key) => visitor !== null && key.length > 2 }),
    board: scope.room(Board, { allow: () => true }),
    stats: scope.shared(Stats, { guard: ({ user }) => user?.admin === true }),
  },
  models: { Card, Column },
  context,
  storage: memory(),
  requireSchemas: true,
});
export async function handles() {
  const todo = twin.todo("session");
  is<Equal<typeof todo, RemoteStore<Todo>>>();
  const mine = await twin.todo.current();
  is<Equal<typeof mine, RemoteStore<Todo>>>();
  const id = await mine.add("x");
  is<Equal<typeof id, string>>();
  const snapshot = await todo.$snapshot();
  is<Equal<typeof snapshot, View<Todo>>>();
  await twin.todo2("session").clear();
  await (await twin.todo2.current()).clear();
  await twin.settings("user").setTheme("dark");
  const theme = (await (await twin.settings.current()).$snapshot()).theme;
  is<Equal<typeof theme, "light" | "dark">>();
  await twin.draft("tab").add("x");
  const row = twin.row("tab", "key");
  is<Equal<typeof row, RemoteStore<Todo>>>();
  await twin.board("key").add("x");
  await twin.board.delete("key");
  await twin.stats().reset();
  const r = (await twin.stats().$snapshot()).revenue;
  is<Equal<typeof r, number | undefined>>();
  const cron = twin.as({ user: null, visitor: null });
  await cron.stats().trim(1);
  await cron.settings("user").setTheme("light");
  for await (const key of cron.board.keys()) key.length;
  for await (const key of cron.board.keys({ prefix: "team-", limit: 10 })) key.length;
  const sent = await twin.board.broadcast((board, key) => board.add(key), { live: true, concurrency: 2, signal: AbortSignal.timeout(1) });
  is<Equal<typeof sent.done, number>>();
  await twin.todo.broadcast((todo) => todo.add("x"));
  await twin.settings.broadcast(async (settings) => settings.setTheme((await settings.$snapshot()).theme));
  await twin.draft.broadcast((draft) => draft.clear());
  await twin.row.broadcast((row) => row.clear(), { prefix: "tab/" });
  await twin.board("key").$effect.toast("Hello", { kind: "info" });
  // @ts-expect-error no such event
  await twin.board.broadcast((board) => board.announce("x"));
  // @ts-expect-error no such effect
  await twin.board("key").$effect.fireworks();
  // @ts-expect-error a shared store is one
  twin.stats.broadcast(() => {});
  // @ts-expect-error no such option
  await twin.board.broadcast(() => {}, { watched: true });
  const round = await twin.board("key").forwardReturning("k");
  is<Equal<typeof round, View<View<Card>> | undefined>>();
  // @ts-expect-error a session store needs its session
  twin.todo();
  // @ts-expect-error a user store needs its user
  twin.settings();
  // @ts-expect-error a tab store needs its tab
  twin.draft();
  // @ts-expect-error a keyed tab store needs its key
  twin.row("tab");
  // @ts-expect-error a tab store without keys has none
  twin.draft("tab", "key");
  // @ts-expect-error only rooms have keys()
  twin.row.keys();
  // @ts-expect-error a page is rendered for no tab
  await twin.preload({ row: "key" });
  // @ts-expect-error a shared store has no key
  twin.stats("x");
  // @ts-expect-error current() is for session and user
  twin.draft.current();
  // @ts-expect-error current() is for session and user
  twin.board.current();
  // @ts-expect-error current() is for session and user
  twin.stats.current();
  // @ts-expect-error only rooms have keys
  twin.todo.keys();
  // @ts-expect-error the handle is called: no event without address
  twin.stats.reset();
  // @ts-expect-error another context
  twin.as({ user: "x" });
  // @ts-expect-error a field is no call
  todo.items();
  // @ts-expect-error ours begin with $
  todo.snapshot();
}
// ── allow ─────────────────────────────────────────────────────────────────────────────────────
export const loaded = scope.room(Board, {
  allow: async ({ user }, key, board) => {
    is<Equal<typeof board, Loaded<Board>>>();
    is<Equal<typeof key, string>>();
    const title: string | undefined = board.columns[0]?.cards[0]?.title;
    is<Equal<typeof board.count, number>>();
    // @ts-expect-error read-only
    board.members = new Set();
    // @ts-expect-error read-only, deep
    board.members.add("x");
    // @ts-expect-error read-only, deep
    board.columns.push(new Column());
    // @ts-expect-error read-only, deep
    board.columns[0]!.cards[0]!.title = "x";
    // @ts-expect-error no events
    board.add("x");
    // @ts-expect-error no events of models
    board.columns[0]?.add("x");
    // @ts-expect-error protected
    board.onConnect;
    // @ts-expect-error the user may be null
    if (title) return board.members.has(user.id);
    return board.members.has(user?.id ?? "");
  },
});
export const allowed = (_: unknown, _key: string, board: Loaded<Board>) => board.count > 0; // as a function of its own: Loaded<Board>
export const loaded2 = scope.room(Board, { allow: allowed });
// @ts-expect-error a room needs allow
scope.room(Board);
// @ts-expect-error allow answers with a boolean
scope.room(Board, { allow: (_context, key) => key });
// @ts-expect-error the store of another room
scope.room(Board, { allow: (_context, _key, stats: Loaded<Stats>) => stats.rows.length > 0 });
// ── createTwin ────────────────────────────────────────────────────────────────────────────────
class Open {
  @state n = 0;
  onLoad() {}
}
// @ts-expect-error a public lifecycle method
createTwin({ stores: { open: Open } });
// @ts-expect-error a public lifecycle method
createTwin({ stores: { open: scope.tab(Open) } });
class Closed {
  @state n = 0;
  protected onCreate() {}
  protected async onLoad() {}
  protected onConnect() {}
  protected onDisconnect() {}
  protected onInterrupted({ event, args, eventId, at }: Interrupted) {
    this.n = event.length + eventId.length + at.getTime() + (args?.length ?? 0);
    // @ts-expect-error the arguments may not have been kept
    args.length;
  }
  protected onDispose() {}
}
export const closed = createTwin({ stores: { closed: Closed }, requireSchemas: false });
// @ts-expect-error ours begin with $
createTwin({ stores: { $live: Closed } });
// @ts-expect-error a reserved name
createTwin({ stores: { as: scope.user(Closed) } });
// @ts-expect-error a model is a class
createTwin({ stores: { closed: Closed }, models: { card: new Card() } });
// @ts-expect-error not a context of this app
createTwin({ stores: { closed: Closed }, context: async () => ({ who: 1 }) });
// ── inside an event ───────────────────────────────────────────────────────────────────────────
export class Inside {
  @event async go() {
    const { get, eventId, user, key, session } = current();
    is<Equal<typeof eventId, string>>();
    is<Equal<typeof key, string | undefined>>();
    void user?.name;
    void session?.id;
    const todo = await get(Todo);
    is<Equal<typeof todo, Todo>>();
    todo.items.push({ id: "", title: "", done: false, tags: [] });
    // @ts-expect-error a class, not an instance
    await get(todo);
    // @ts-expect-error no such thing in the context
    current().account;
    return todo.left;
  }
}
export function codes(error: unknown) {
  if (EventError.is(error, "INTERRUPTED") || EventError.is(error, "UNKNOWN_OUTCOME") || EventError.is(error, "DROPPED"))
    is<Equal<typeof error.data, undefined>>();
  // @ts-expect-error no such code
  new EventError("LOST", "x");
}

createTwin({
  stores: {
    start: Todo,
    todo: scope.session(Todo, { guard: async ({ user }) => user?.admin === true }),
    settings: scope.user(Settings, { guard: ({ user }) => user !== null }),
    draft: scope.tab(Todo, { guard: ({ visitor }) => visitor !== null }),
    board: scope.room(Board, { guard: ({ user }, key) => key.length > 2 && !!user, allow: ({ user }, key, board) => !!user && board.members.has(key) }),
    stats: scope.shared(Stats),
  },
  guard({ user }, store, key) {
    is<Equal<typeof store, "start" | "todo" | "settings" | "draft" | "board" | "stats">>();
    is<Equal<typeof key, string | undefined>>();
    if (user || store === "start") return true;
    effect.redirect("/sign-in");
    return false;
  },
  context,
});
createTwin({
  stores: {
    // @ts-expect-error a guard says yes or no
    one: scope.session(Todo, { guard: ({ user }) => user }),
    // @ts-expect-error an unknown option
    two: scope.user(Todo, { gaurd: () => true }),
    // @ts-expect-error only rooms have `allow`
    three: scope.shared(Todo, { allow: () => true }),
    // @ts-expect-error a room needs `allow`
    four: scope.room(Board, { guard: () => true }),
    // @ts-expect-error only tab stores are keyed
    six: scope.session(Todo, { keyed: true }),
    // @ts-expect-error keyed or not
    seven: scope.tab(Todo, { keyed: "yes" }),
    // @ts-expect-error the context has no `account`
    five: scope.tab(Todo, { guard: ({ account }) => account !== null }),
  },
  context,
});
// @ts-expect-error there is no such store
createTwin({ stores: { todo: Todo }, guard: (_, store) => store !== "start", context });
