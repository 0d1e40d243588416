"use client";
import { ChevronDownIcon } from "@radix-ui/react-icons";
import { IconButton } from "@radix-ui/themes";
import type { FormEvent } from "react";
import { useTodo } from "../../state/client";
import styles from "./todo-list.module.css";

export function NewTodo() {
  const todo = useTodo();

  function add(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const title = String(new FormData(form).get("title")).trim();
    if (title === "") return;
    todo.add(title);
    form.reset();
  }

  return (
    <form className={styles.new} onSubmit={add}>
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
      {/* biome-ignore lint/a11y/noAutofocus: it is what the page is for */}
      <input className={styles.title} name="title" placeholder="What needs to be done?" aria-label="New to-do" maxLength={200} autoComplete="off" autoFocus />
    </form>
  );
}
