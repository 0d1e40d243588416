import { createTRPCClient } from "@trpc/client";
import { type AnyTRPCRouter, type inferRouterInputs, type inferRouterOutputs, initTRPC } from "@trpc/server";
import { type } from "arktype";
import { computed, event, state, type View, type ViewOf } from "twinstate";
import { createHooks } from "twinstate/react";
import { createTwin, scope } from "twinstate/server";
import * as v from "valibot";
export abstract class Base {
  @state name = "";
  @event rename(name: string) {
    this.name = name;
    return this;
  }
  protected abstract save(): void;
}
export class Child extends Base {
  @state more = 1n;
  protected save() {}
  @event override rename(name: string) {
    return super.rename(name + "!");
  }
  @event(v.pipe(v.string(), v.maxLength(5)), v.number()) val(a: string, b: number) {
    return a.length + b;
  }
  @event(type("string"), type({ n: "number" })) ark(a: string, b: { n: number }) {
    return a.length + b.n;
  }
  // @ts-expect-error valibot
  @event(v.number()) val2(a: string) {
    return a;
  }
  // @ts-expect-error arktype
  @event(type("number")) ark2(a: string) {
    return a;
  }
  @computed get slow(): number {
    return 1;
  }
  @state any: any = 1;
  @state unk: unknown = 1;
  @state json: Json = null;
  @state union: { kind: "a"; a: string[] } | { kind: "b"; b: Date } = { kind: "a", a: [] };
  @state tuple: [string, { x: number }] = ["", { x: 1 }];
  @state bytes = new Uint8Array();
  @state err = new Error("x");
  @state url = new URL("x:y");
  @state opt?: string;
  @state rec: Record<string, number[]> = {};
}
type Json = string | number | boolean | null | Json[] | { [k: string]: Json };
export class List<T extends object> {
  @state items: T[] = [];
  @event remove(i: number) {
    return this.items.splice(i, 1);
  }
  @event put(item: T) {
    this.items.push(item);
  }
}
export class Numbers extends List<{ n: number }> {}
function Timed<B extends new (...args: any[]) => object>(B: B) {
  class Timed extends B {
    @state at = new Date();
    @event touch() {
      this.at = new Date();
    }
  }
  return Timed;
}
export class Mixed extends Timed(Child) {
  @event own() {
    return this.at;
  }
}
declare const childView: View<Child>;
const mixedTwin = createTwin({ stores: { child: Child, numbers: scope.user(Numbers), mixed: scope.room(Mixed, { allow: () => true }) } });
const { useChild, useNumbers, useMixed } = createHooks<typeof mixedTwin>();
export async function useAll() {
  const c = useChild();
  void childView;
  c.any.whatever;
  c.json;
  c.url.href;
  c.bytes.length;
  c.err.message;
  c.opt?.length;
  c.more.toString();
  c.rec["x"]?.[0];
  if (c.union.kind === "a") c.union.a[0]?.length;
  else c.union.b.getTime();
  const [s, o] = c.tuple;
  s.length;
  o.x.toFixed();
  // @ts-expect-error deep read-only in a tuple
  c.tuple[1].x = 2;
  // @ts-expect-error deep read-only in a record
  c.rec["x"]!.push(1);
  const renamed = await c.rename("x");
  renamed.more;
  const removed = await useNumbers().remove(1);
  removed[0]?.n.toFixed();
  await useNumbers().put({ n: 1 });
  const m = useMixed("k");
  m.at.getTime();
  (await m.own()).getTime();
  m.touch();
  m.rename("x");
  const st: ViewOf<Json> = c.json;
  void st;
  type In = inferRouterInputs<typeof mixedTwin.router>;
  const i: In["child"]["val"] = { args: ["x", 1] };
  void i;
  type Out = inferRouterOutputs<typeof mixedTwin.router>;
  const out: Out["mixed"]["own"] = "2020";
  void out; // Serialize: Date is a string
  const any: AnyTRPCRouter = mixedTwin.router;
  void any;
  const t = initTRPC.create();
  const app = t.router({ live: mixedTwin.router, hello: t.procedure.query(() => "x") });
  const client = createTRPCClient<typeof app>({ links: [] });
  await client.live.mixed.rename.mutate({ key: "k", args: ["x"] });
  await client.hello.query();
}
