import type { View } from "twinstate";
import { useEvent, useField } from "twinstate/react";
import { type Equal, is } from "../equal";
import type { Card, Tree } from "./board";
import { useBoard, useLiveBoard } from "./client";
export function Page({ id }: { id: string | null }) {
  const board = useBoard("sprint-42");
  const maybe = useBoard(id);
  is<Equal<typeof maybe, typeof board | undefined>>();
  const n = useBoard("sprint-42", (b) => b.columns.map((c) => c.cards.length));
  is<Equal<typeof n, number[]>>();
  // @ts-expect-error the key is required
  useBoard();
  // @ts-expect-error the key is required
  useBoard((b) => b.count);
  const live = useLiveBoard("k");
  live.columns[0]?.cards[0]?.rename("x");
  const card = board.columns[0]!.cards[0]!;
  is<Equal<typeof card, View<Card>>>();
  // @ts-expect-error private of a nested model
  card.owner;
  // @ts-expect-error a Set is read-only
  card.votes.add("x");
  // @ts-expect-error a Map's values are read-only
  card.meta.get("x")!.at = new Date();
  const [rename, { value, last }] = useEvent(card.rename);
  is<Equal<Parameters<typeof rename>, [title: string]>>();
  is<Equal<typeof value, View<Card> | undefined>>();
  is<Equal<typeof last, undefined>>();
  const title = useField(card, "title", card.rename);
  is<Equal<typeof title.value, string>>();
  // @ts-expect-error no setter of that name
  useField(card, "title");
  card.rename.debounce(50)("x").cancel();
  // @ts-expect-error a title is text
  card.rename(1);
  const action: (data: FormData) => Promise<void> = card.rename.form;
  const tree: View<Tree> = board.tree;
  tree.kids[0]?.kids[0]?.value.toFixed();
  async function go() {
    const renamed = await card.rename("x");
    renamed.title.length;
    for await (const v of card.tick()) v.toFixed();
    const added = await board.add("x");
    is<Equal<typeof added, View<Card> | undefined>>();
    await board.add("x", 1);
    const c = await board.copyCount("x");
    is<Equal<typeof c, number>>();
    const w = await board.who();
    w.user?.name.length;
    const l = await board.log();
    is<Equal<typeof l, number>>();
    const f = await board.forwardReturning("k");
    f?.title.length;
    // @ts-expect-error protected
    board.onConnect;
  }
  return (
    <form action={action}>
      <input {...title} />
      <button type="button" onClick={go}>
        {n.length}
      </button>
    </form>
  );
}
