"use client";
import type { SubmitEvent } from "react";
import { useTodo } from "@/state/client";

const ID = "new-todo";

/** Finds the field. It gets the focus when no other element can. */
export const newTodoField = () => document.getElementById(ID);

export function NewTodo() {
  const todo = useTodo();

  // With JavaScript the field is empty for the next to-do at once. Without it the form is sent.
  function add(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    void todo.add(String(new FormData(event.currentTarget).get("title")));
    event.currentTarget.reset();
  }

  return (
    <form action={todo.add.form} onSubmit={add} className="flex items-center gap-2 p-2 pl-5 has-[input:focus-visible]:shadow-[inset_0_-2px_0_var(--accent)]">
      <input
        id={ID}
        name="title"
        aria-label="New to-do"
        placeholder="What needs to be done?"
        className="h-12 min-w-0 flex-1 bg-transparent text-lg outline-none placeholder:text-muted"
        dir="auto"
        maxLength={200}
        autoComplete="off"
        required
        pattern=".*\S.*"
      />
      <button type="submit" className="h-11 rounded-xl bg-accent px-5 font-medium text-on-accent transition hover:bg-accent-strong">
        Add
      </button>
    </form>
  );
}
