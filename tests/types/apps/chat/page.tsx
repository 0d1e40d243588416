import { EventError } from "twinstate";
import { createHooks } from "twinstate/react";
import { createTwin, scope } from "twinstate/server";
import { context } from "../context";
import { Chat } from "./chat";

const twin = createTwin({ stores: { chat: scope.room(Chat, { allow: () => true }) }, context });
const { useChat, TwinProvider } = createHooks<typeof twin>();
export function Page({ error }: { error?: EventError }) {
  const chat = useChat("x");
  const { buy } = chat;
  if (error?.is("SOLD_OUT")) {
    const left: number = error.data.left;
    void left;
  } else if (error?.is("INVALID")) {
    error.data.issues[0]?.message;
  } else if (error) {
    // @ts-expect-error not narrowed
    error.data.left;
    error.message.length;
  }
  async function go() {
    try {
      await chat.buy();
    } catch (e) {
      if (EventError.is(e, "SOLD_OUT")) e.data.left.toFixed();
      if (e instanceof EventError) {
        if (e.is("SOLD_OUT")) e.data.left.toFixed();
        switch (e.code) {
          case "SOLD_OUT":
            break;
          case "CLOSED":
            break;
        }
      }
      // @ts-expect-error unknown code
      if (EventError.is(e, "NOPE")) {
      }
    }
  }
  return (
    <TwinProvider effects={{ confetti: (amount) => void amount.toFixed() }}>
      <button type="button" onClick={() => buy()} onFocus={go} />
    </TwinProvider>
  );
}
