import { Suspense } from "react";
import { TodoList } from "@/components/todo-list";
import { TwinPreload } from "@/state/client";
import { twin } from "@/state/server";

export default function Page() {
  return (
    <main className="mx-auto w-full max-w-2xl flex-1 px-4 py-10 sm:px-6 sm:py-16">
      <header className="mb-6 space-y-1">
        <h1 className="text-3xl font-semibold tracking-tight sm:text-4xl">To-do</h1>
        <p className="text-muted">Yours alone, kept on the server, the same in all your tabs.</p>
      </header>
      <Suspense fallback={<div className="h-32" />}>
        <Todos />
      </Suspense>
    </main>
  );
}

/** Sends the page with its state in the HTML. */
async function Todos() {
  return (
    <TwinPreload state={await twin.preload({ todo: true })}>
      <TodoList />
    </TwinPreload>
  );
}
