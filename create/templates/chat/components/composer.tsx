"use client";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { EventError } from "twinstate";
import { usePresence } from "twinstate/react";
import { useRoom, useVisitor } from "@/state/client";

/** Who has not typed for so long, in ms, is no longer said to type. */
const PAUSE = 3000;
const MODEL = /^@model\b/i;

/** The field for the next message. A message that begins with `@model` asks the model. */
export function Composer({ id }: { id: string }) {
  const { say, answer, stop, writing } = useRoom(id);
  const [text, setText] = useState("");
  const [error, setError] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);

  function send() {
    if (text.trim() === "") return;
    setText("");
    setError("");
    void deliver(text);
    field.current?.focus();
  }

  /** The model is asked once the message is there: `answer` does not wait for the events before it. */
  async function deliver(text: string) {
    try {
      await say(text);
    } catch (reason) {
      setText((now) => now || text);
      return fail(reason);
    }
    if (MODEL.test(text)) await answer().catch((reason) => EventError.is(reason, "CANCELLED") || fail(reason));
  }

  const fail = (reason: unknown) => setError(reason instanceof Error ? reason.message : "This was not sent.");

  function press(event: KeyboardEvent) {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  }

  return (
    <form action={send} className="border-t border-line pt-1 pb-4">
      <Typing id={id} text={text} />
      <p role="alert" className="pb-2 text-red-700 empty:hidden dark:text-red-300">
        {error}
      </p>
      <div className="flex items-end gap-2">
        <textarea
          ref={field}
          aria-label="Message"
          placeholder="Message, or @model …"
          className="field-sizing-content max-h-40 min-h-12 min-w-0 flex-1 resize-none rounded-2xl border border-line bg-surface px-4 py-2.75 placeholder:text-muted"
          dir="auto"
          rows={1}
          maxLength={2000}
          value={text}
          onChange={({ target }) => setText(target.value)}
          onKeyDown={press}
        />
        {writing && (
          <button type="button" className="h-12 rounded-2xl border border-line px-4 font-medium" onClick={() => void stop()}>
            Stop
          </button>
        )}
        <button type="submit" className="h-12 rounded-2xl bg-accent px-5 font-medium text-on-accent transition hover:bg-accent-strong">
          Send
        </button>
      </div>
    </form>
  );
}

/** Who else types. It tells the others whether this tab does. */
function Typing({ id, text }: { id: string; text: string }) {
  const { people } = useRoom(id);
  const me = useVisitor();
  const [paused, setPaused] = useState(true);
  const others = usePresence(people, { typing: text !== "" && !paused });

  useEffect(() => {
    setPaused(text === "");
    const timer = setTimeout(() => setPaused(true), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);

  const names = [...new Set(others.filter(({ typing, name }) => typing && name !== me?.name).map(({ name }) => name))];
  return (
    <p className="h-7 truncate text-sm text-muted" aria-live="polite">
      {names.length > 0 && `${names.join(", ")} ${names.length === 1 ? "is" : "are"} typing…`}
    </p>
  );
}
