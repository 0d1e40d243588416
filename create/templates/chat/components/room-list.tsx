"use client";
import Link from "next/link";
import type { SubmitEvent } from "react";
import { useRooms, useVisitor } from "@/state/client";

export function RoomList() {
  const { list } = useRooms();
  const me = useVisitor();
  return (
    <section aria-label="Rooms" className="overflow-hidden rounded-2xl border border-line bg-surface shadow-sm">
      {me && <NewRoom />}
      <ul className="divide-y divide-line">
        {list.map(({ id, title }) => (
          <li key={id}>
            <Link href={`/room/${id}`} className="flex items-center gap-3 px-5 py-4 transition -outline-offset-2 hover:bg-line/40">
              <span dir="auto" className="min-w-0 flex-1 break-words">
                {title}
              </span>
              <svg
                viewBox="0 0 20 20"
                className="size-4 shrink-0 fill-none stroke-muted stroke-2"
                strokeLinecap="round"
                strokeLinejoin="round"
                aria-hidden="true"
              >
                <path d="M8 4l6 6-6 6" />
              </svg>
            </Link>
          </li>
        ))}
      </ul>
      {list.length === 0 && (
        <p className="px-5 py-10 text-center text-muted">{me ? "No room yet. Make the first one." : "No room yet. Sign in to make one."}</p>
      )}
    </section>
  );
}

function NewRoom() {
  const { make } = useRooms();

  // With JavaScript the field is empty for the next room at once. Without it the form is sent.
  function add(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    void make(String(new FormData(event.currentTarget).get("title")));
    event.currentTarget.reset();
  }

  return (
    <form
      action={make.form}
      onSubmit={add}
      className="flex items-center gap-2 border-b border-line p-2 pl-5 has-[input:focus-visible]:shadow-[inset_0_-2px_0_var(--accent)]"
    >
      <input
        name="title"
        aria-label="New room"
        placeholder="Name of a new room"
        className="h-12 min-w-0 flex-1 bg-transparent text-lg outline-none placeholder:text-muted"
        dir="auto"
        maxLength={60}
        autoComplete="off"
        required
        pattern=".*\S.*"
      />
      <button type="submit" className="h-11 rounded-xl bg-accent px-5 font-medium text-on-accent transition hover:bg-accent-strong">
        Make
      </button>
    </form>
  );
}
