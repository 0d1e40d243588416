"use client";
import { ChevronDownIcon } from "@radix-ui/react-icons";
import { IconButton } from "@radix-ui/themes";
import { useTodo } from "../../state/client";
import styles from "./todo-list.module.css";

export function NewTodo() {
  const todo = useTodo();

  function add(data: FormData) {
    const title = String(data.get("title")).trim();
    if (title !== "") todo.add(title);
  }

  return (
    <form className={styles.new} action={add}>
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
