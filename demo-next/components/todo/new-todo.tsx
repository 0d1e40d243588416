"use client";
import { ChevronDownIcon } from "@radix-ui/react-icons";
import { IconButton } from "@radix-ui/themes";
import type { SubmitEvent } from "react";
import { useTodo } from "../../state/client";
import styles from "./todo-list.module.css";

const ID = "new-todo";

/** Finds the field. It gets the focus when no other element can. */
export const newTodoField = () => document.getElementById(ID);

export function NewTodo() {
  const todo = useTodo();

  // With JavaScript the field is empty for the next to-do at once.
  function add(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    todo.add(String(new FormData(event.currentTarget).get("title")));
    event.currentTarget.reset();
  }

  return (
    <form className={styles.new} action={todo.add.form} onSubmit={add}>
      <IconButton
        type="button"
        variant="ghost"
        color={todo.left === 0 ? "iris" : "gray"}
        className={styles.toggleAll}
        aria-label="Mark all as done"
        aria-pressed={todo.left === 0}
        hidden={todo.items.length === 0}
        onClick={() => todo.toggleAll(todo.left > 0)}
      >
        <ChevronDownIcon width="20" height="20" />
      </IconButton>
      <input
        className={styles.title}
        id={ID}
        name="title"
        dir="auto"
        placeholder="What needs to be done?"
        aria-label="New to-do"
        maxLength={200}
        autoComplete="off"
        required
        pattern=".*\S.*"
        // biome-ignore lint/a11y/noAutofocus: it is what the page is for
        autoFocus
      />
    </form>
  );
}
