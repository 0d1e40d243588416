"use client";
import { Suspense, useState } from "react";
import { EventError } from "twinstate";
import { For, useEvent } from "twinstate/react";
import { TwinProvider, useChat, useVisitor } from "./client";

function confetti(n: number) {
  console.log("🎉".repeat(Math.min(n, 50)));
}

export default function Page() {
  return (
    // ? the API says `effects?: AppEffects & Partial<BuiltInHandlers>`: so all own effects have to be given where `effects` is given; what if `effects` is left out and an own effect comes?
    <TwinProvider effects={{ confetti }} onError={(error) => console.warn(error.code, error.message)}>
      <Suspense fallback="Loading…">
        <Room id="lobby" />
      </Suspense>
    </TwinProvider>
  );
}

function Room({ id }: { id: string }) {
  const chat = useChat(id);
  const me = useVisitor();
  const [text, setText] = useState("");
  const [say, { pending, error, reset }] = useEvent(chat.say);
  const [answer, asked] = useEvent(chat.answer);
  return (
    <main>
      <ul>
        <For each={chat.messages}>
          {({ by, text, open }) => (
            <li>
              {by}: {text}
              {open && "…"}
            </li>
          )}
        </For>
      </ul>
      <input aria-label="Message" value={text} onChange={({ target }) => setText(target.value)} />
      <button
        type="button"
        disabled={pending || !me}
        onClick={() => {
          reset();
          void say(text);
          setText("");
        }}
      >
        Say
      </button>
      <button type="button" disabled={chat.writing} onClick={() => answer(text)}>
        Ask the model
      </button>
      {chat.writing && (
        <button type="button" onClick={() => void chat.stop()}>
          Stop
        </button>
      )}
      {EventError.is(error, "SOLD_OUT") && <p role="alert">No room for more: {error.data.left} left.</p>}
      {EventError.is(error, "FORBIDDEN") && <p role="alert">{error.message}</p>}
      {asked.error && <p role="alert">{asked.error.message}</p>}
    </main>
  );
}
