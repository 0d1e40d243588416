"use client";
import { defineContext, EventError } from "twinstate";
import { createHooks, useEvent } from "twinstate/react";
import { createTwin, scope } from "twinstate/server";
import { Chat } from "./chat";

const context = defineContext(() => ({ visitor: { name: "Ann" } }));

declare module "twinstate" {
  interface Register {
    context: typeof context;
  }
}

const twin = createTwin({ stores: { chat: scope.room(Chat, { allow: () => true }) }, context });
const { TwinProvider, useChat } = createHooks<typeof twin>({ transport: "websocket" });

function Room({ id }: { id: string }) {
  const chat = useChat(id);
  const [answer, { pending, error, cancel }] = useEvent(chat.answer);
  if (EventError.is(error, "BUSY")) return <p>since {error.data.since.toISOString()}</p>;
  return (
    <>
      {chat.messages.map((message) => (
        <p key={message.id} data-state={message.state}>
          {message.by}: {message.text}
        </p>
      ))}
      <input onChange={({ target }) => chat.type(target.value)} />
      <form action={chat.say.form}>
        <input name="text" />
      </form>
      <button type="button" disabled={pending} onClick={() => answer("Hello")}>
        Ask
      </button>
      <button type="button" onClick={() => chat.stop()}>
        Stop for everybody
      </button>
      <button type="button" onClick={cancel}>
        Cancel mine
      </button>
    </>
  );
}

export default function App() {
  return (
    <TwinProvider>
      <Room id="hall" />
    </TwinProvider>
  );
}
