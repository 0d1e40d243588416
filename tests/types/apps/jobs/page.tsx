import { createTRPCClient, httpBatchLink, httpSubscriptionLink } from "@trpc/client";
import { createHooks } from "twinstate/react";
import { createTwin, scope } from "twinstate/server";
import { Board } from "../board/board";
import { context } from "../context";
import { type Equal, is } from "../equal";
import { Todo } from "../todo/todo";
import { Jobs } from "./jobs";
export const twin = createTwin({ stores: { jobs: Jobs, todo: Todo, board: scope.room(Board, { allow: () => true }) }, context });
const { useJobs } = createHooks<typeof twin>();
export function Page() {
  const jobs = useJobs();
  const sent = jobs.upload(new File([], "x"));
  sent.then((value) => is<Equal<typeof value, { readonly bytes: number }>>());
  const call = jobs.upload(new File([], "x"));
  call.cancel();
  const p = jobs.search.debounce(300)("x");
  const x = jobs.echo(3); // generics are lost
  const y = jobs.pick("progress");
  const o = jobs.over(3);
  return <button type="button" onClick={() => void jobs.upload(new File([], "x"))} onBlur={() => sent.cancel()} onFocus={() => void [p, x, y, o]} />;
}
export async function server(sessionId: string) {
  const id = await twin.board("k").add("x");
  id?.title;
  const s = await twin.todo(sessionId).$snapshot();
  s.items[0]?.title.length;
  for await (const n of twin.todo(sessionId).importFrom("x")) n.toFixed();
  for await (const key of twin.board.keys()) key.length;
  await twin
    .as({ user: { id: "", name: "", admin: true }, visitor: null })
    .board("k")
    .add("x");
  // @ts-expect-error private
  twin.todo(sessionId).secret;
  // @ts-expect-error wrong argument
  twin.board("k").add(1);
  // @ts-expect-error a room needs its key
  twin.board().add("x");
  await twin.preload({ todo: true, board: ["a", "b"] });
  const props = { params: Promise.resolve({ slug: ["a"] }), searchParams: Promise.resolve<{ q?: string | string[] }>({}) };
  await twin.preload({ todo: { params: props.params, search: props.searchParams }, board: { key: "a", search: { q: "x" } } });
  // @ts-expect-error a room is preloaded by key
  await twin.preload({ board: { search: { q: "x" } } });
  // @ts-expect-error what a URL cannot say
  await twin.preload({ todo: { search: { q: 1 } } });
  // @ts-expect-error a room is preloaded by key
  await twin.preload({ board: true });
}
const client = createTRPCClient<typeof twin.router>({ links: [httpBatchLink({ url: "/api/twin" }), httpSubscriptionLink({ url: "" })] });
export async function plain() {
  const id = await client.todo.add.mutate({ args: ["x"] });
  is<Equal<typeof id, string>>();
  await client.board.add.mutate({ key: "k", args: ["x"] });
  await client.board.add.mutate({ key: "k", args: ["x", 1] });
  // @ts-expect-error wrong arguments
  await client.todo.add.mutate({ args: [1] });
  // @ts-expect-error a room needs its key
  await client.board.add.mutate({ args: ["x"] });
  // @ts-expect-error a field is no procedure
  await client.todo.items.mutate({ args: [] });
  const r = await client.todo.importFrom.mutate({ args: ["x"] });
  is<Equal<typeof r, { imported: number; at: string }>>();
  client.$live.subscribe(
    {},
    {
      onData(d) {
        void d;
      },
    },
  );
}
