"use client";
import Link from "next/link";
import { useVisitor } from "@/state/client";
import { Announcer } from "./announcer";
import { Composer } from "./composer";
import { Messages } from "./messages";
import { People } from "./people";

/** A room: who is here, what was said, and the field for what to say. */
export function Chat({ id, title }: { id: string; title: string }) {
  const me = useVisitor();
  return (
    // Its height is what the screen has left, beside what says that the connection is broken.
    <main className="mx-auto flex min-h-0 w-full max-w-3xl grow basis-0 flex-col px-4 sm:px-6">
      <header className="flex items-center gap-1 border-b border-line py-3">
        <Link href="/" aria-label="All rooms" className="-ml-3 grid size-11 shrink-0 place-items-center rounded-xl text-muted transition hover:bg-line/60">
          <svg viewBox="0 0 20 20" className="size-5 fill-none stroke-current stroke-2" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
            <path d="M12 4l-6 6 6 6" />
          </svg>
        </Link>
        <h1 dir="auto" className="min-w-0 flex-1 truncate text-xl font-semibold tracking-tight">
          {title}
        </h1>
        <People id={id} />
      </header>
      <Messages id={id} />
      {me ? (
        <Composer id={id} />
      ) : (
        <p className="border-t border-line py-5 text-center text-muted">
          <Link href="/" className="text-accent underline">
            Sign in
          </Link>{" "}
          to write.
        </p>
      )}
      <Announcer id={id} />
    </main>
  );
}
