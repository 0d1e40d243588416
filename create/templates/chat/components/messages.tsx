"use client";
import { useLayoutEffect, useRef } from "react";
import type { View } from "twinstate";
import { For, isPending } from "twinstate/react";
import { useRoom, useVisitor } from "@/state/client";
import type { Message } from "@/state/message";

/** The messages. The list stays at its end while it grows, unless somebody has scrolled up. */
export function Messages({ id }: { id: string }) {
  const { messages } = useRoom(id);
  const list = useRef<HTMLElement>(null);
  const atEnd = useRef(true);
  const length = messages.at(-1)?.text.length;

  // biome-ignore lint/correctness/useExhaustiveDependencies: it runs when the list has grown
  useLayoutEffect(() => {
    if (atEnd.current) list.current?.scrollTo(0, list.current.scrollHeight);
  }, [messages.length, length]);

  function scrolled() {
    const { scrollHeight = 0, scrollTop = 0, clientHeight = 0 } = list.current ?? {};
    atEnd.current = scrollHeight - scrollTop - clientHeight < 40;
  }

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keys
    <section ref={list} aria-label="Chat" tabIndex={0} onScroll={scrolled} className="flex-1 overflow-y-auto py-4 -outline-offset-2">
      <ul aria-label="Messages" className="space-y-4">
        <For each={messages} fallback={<li className="py-10 text-center text-muted">Nothing said yet. To ask the model, begin with @model.</li>}>
          {(message) => <Row message={message} />}
        </For>
      </ul>
    </section>
  );
}

const ENDINGS = { done: "", writing: "", stopped: "Stopped.", "cut off": "The server has ended meanwhile.", failed: "The model could not answer." };

function Row({ message }: { message: View<Message> }) {
  const { userId, by, text, status } = message;
  const me = useVisitor();
  const mine = me?.id === userId;
  const look = mine ? "bg-accent text-on-accent" : "border border-line bg-surface";
  return (
    <li className={`flex flex-col ${mine ? "items-end" : "items-start"}`} aria-busy={status === "writing"}>
      <span className={mine ? "sr-only" : "mb-1 px-1 text-sm text-muted"}>{by}</span>
      <p dir="auto" className={`max-w-[85%] rounded-2xl px-4 py-2 break-words whitespace-pre-wrap ${look} ${isPending(message) ? "opacity-70" : ""}`}>
        {text}
        {status === "writing" && <span aria-hidden="true"> ▍</span>}
      </p>
      {ENDINGS[status] && <span className="mt-1 px-1 text-sm text-muted">{ENDINGS[status]}</span>}
    </li>
  );
}
