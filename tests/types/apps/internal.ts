import { createTRPCClient, httpBatchStreamLink } from "@trpc/client";
import { current, event, type Internal, state, type View } from "twinstate";
import { connect } from "twinstate/client";
import { createHooks } from "twinstate/react";
import { createTwin, scope } from "twinstate/server";
import { z } from "zod";
import { type Equal, is } from "./equal";

export class Poll {
  @state question = "";
  @state open = false;
  @state({ private: true }) private secret = "";
  @event({ internal: true }) init(this: Internal<this>, question: string, open = true) {
    this.question = question;
    this.open = open;
    this.secret = question;
    return question.length;
  }
  @event({ internal: true, background: true, queue: "drop" }) async *tally(this: Internal<Poll>, upTo: number) {
    yield upTo;
    return this.secret;
  }
  @event async begin(question: string) {
    const length = this.init(question);
    is<Equal<typeof length, number>>();
    this.init("x", false);
    (await current().get(Poll)).init("y");
    return length;
  }
  // @ts-expect-error the twin's type would have it
  @event({ internal: true }) unmarked(text: string) {
    void text;
  }
  // @ts-expect-error every client could call it
  @event marked(this: Internal<this>) {}
  // @ts-expect-error the same, with options
  @event({ background: true }) markedWithOptions(this: Internal<this>) {}
  // @ts-expect-error the same, with a schema
  @event(z.string()) markedWithSchema(this: Internal<this>, text: string) {
    void text;
  }
  // @ts-expect-error a client's option
  @event({ internal: true, optimistic: true }) optimistic(this: Internal<this>) {}
  // @ts-expect-error guards do not ask server code
  @event({ internal: true, guard: () => true }) guarded(this: Internal<this>) {}
  // @ts-expect-error not private either
  @event({ internal: true }) protected hidden(this: Internal<this>) {}
}
const twin = createTwin({ stores: { poll: scope.room(Poll, { allow: () => true }), one: Poll } });
type Twin = typeof twin;

export async function onTheServer() {
  const length = await twin.poll("k").init("x");
  is<Equal<typeof length, number>>();
  await twin.poll("k").begin("x");
  for await (const n of twin.as({ user: null, visitor: null }).poll("k").tally(3)) n.toFixed();
  await (await twin.one.current()).init("x", false);
  // @ts-expect-error not its parameter
  await twin.poll("k").init(5);
}

const { usePoll, useOne, useLiveOne } = createHooks<Twin>();
export async function InTheBrowser() {
  const poll = usePoll("k");
  is<Equal<typeof poll.question, string>>();
  await poll.begin("x");
  is<Equal<typeof poll.init, never>>();
  is<Equal<View<Poll>["tally"], never>>();
  // @ts-expect-error it is not there
  poll.init("x");
  // @ts-expect-error it is not there
  useOne().init.form;
  // @ts-expect-error it is not there
  useLiveOne().init("x");
  const bot = await connect<Twin>({ url: "" }).poll("k");
  // @ts-expect-error it is not there
  bot.init("x");
  const client = createTRPCClient<Twin["router"]>({ links: [httpBatchStreamLink({ url: "" })] });
  await client.poll.begin.mutate({ key: "k", args: ["x"] });
  // @ts-expect-error it is not there
  await client.poll.init.mutate({ key: "k", args: ["x"] });
}
