import { createTRPCClient } from "@trpc/client";
import { event, type Internal, state } from "twinstate";
import { createHooks } from "twinstate/react";
import { createTwin, scope } from "twinstate/server";
import { z } from "zod";
import { type Equal, is } from "./equal";

class Item {
  @state title = "";
  @state parent: Item | null = null;
  @event toggle(by = 1) {
    return `${this.title}${by}`;
  }
  @event(z.string()) async *rename(title: string) {
    this.title = title;
    yield 1;
    return title.length;
  }
  @event({ internal: true }) lock(this: Internal<this>) {}
}
class List {
  @state items: Item[] = [];
  @event add(title: string) {
    return title;
  }
}
class Plain {
  @state n = 0;
}
const twin = createTwin({ stores: { list: List, board: scope.room(List, { allow: () => true }) }, models: { Item, Plain } });
type Twin = typeof twin;

export async function byStockClient(on: [incarnation: string, revision: number, number: number]) {
  const client = createTRPCClient<Twin["router"]>({ links: [] });
  const title = await client.list.Item.toggle.mutate({ on, args: [2] });
  is<Equal<typeof title, string>>();
  const length = await client.board.Item.rename.mutate({ key: "k", on, args: ["x"] });
  is<Equal<typeof length, number>>();
  await client.list.add.mutate({ args: ["x"] });
  // @ts-expect-error the instance is missing
  await client.list.Item.toggle.mutate({ args: [2] });
  // @ts-expect-error the room's key is missing
  await client.board.Item.toggle.mutate({ on, args: [2] });
  // @ts-expect-error not its argument
  await client.list.Item.toggle.mutate({ on, args: ["x"] });
  // @ts-expect-error no such event
  await client.list.Item.remove.mutate({ on, args: [] });
  // @ts-expect-error it is not there for clients
  await client.list.Item.lock.mutate({ on, args: [] });
  // @ts-expect-error no such model
  await client.list.Row.toggle.mutate({ on, args: [] });
}

export async function onTheServer() {
  const { items } = await twin.list("session").$snapshot();
  const title = await items[0]?.toggle(2);
  is<Equal<typeof title, string | undefined>>();
  // @ts-expect-error not its argument
  await items[0]?.toggle("x");
}

const { useList } = createHooks<Twin>();
export async function InTheBrowser() {
  const title = await useList().items[0]?.toggle(2);
  is<Equal<typeof title, string | undefined>>();
}
