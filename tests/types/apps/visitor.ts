import { type AppVisitor, current, event, state } from "twinstate";
import { connect } from "twinstate/client";
import { createHooks } from "twinstate/react";
import { createTwin } from "twinstate/server";
import { type Equal, is } from "./equal";

export class Poll {
  @state votes = new Map<string, string>();
  @event({ optimistic: true }) vote(option: string) {
    const { visitor } = current();
    if (visitor) this.votes.set(visitor.id, option);
    // @ts-expect-error what the context does not give as `visitor`
    return visitor?.admin;
  }
}
const twin = createTwin({ stores: { poll: Poll } });
const { useVisitor } = createHooks<typeof twin>();

is<Equal<AppVisitor, { id: string; groups: string[] } | null>>();
export function Greeting() {
  const me = useVisitor();
  is<Equal<typeof me, { readonly id: string; readonly groups: readonly string[] } | null | undefined>>();
  // @ts-expect-error it cannot be changed here
  me?.groups.push("a");
  return me?.id;
}
export const id: string | undefined = connect<typeof twin>().$visitor?.id;
// @ts-expect-error `useVisitor` is taken
createTwin({ stores: { visitor: Poll } });
