"use client";
import { Cross2Icon, Pencil1Icon } from "@radix-ui/react-icons";
import { Checkbox, IconButton } from "@radix-ui/themes";
import { useRef, useState } from "react";
import type { View } from "twinstate";
import { useTodo } from "../../state/client";
import type { Item } from "../../state/todo";
import { useHeir } from "../heir";
import { TitleField } from "../title-field";
import { newTodoField } from "./new-todo";
import styles from "./todo-list.module.css";

export function TodoRow({ item }: { item: View<Item> }) {
  const { id, title, done } = item;
  const todo = useTodo();
  const [editing, setEditing] = useState(false);
  const pencil = useRef<HTMLButtonElement>(null);
  const place = `todo-${id}`;
  useHeir(place, newTodoField);

  function close(byKey: boolean) {
    setEditing(false);
    if (byKey) pencil.current?.focus();
  }

  return (
    <li id={place} className={styles.row} data-done={done || undefined} data-editing={editing || undefined}>
      <form action={item.toggle.form}>
        <Checkbox data-first type="submit" size="3" color="grass" checked={done} aria-label={title} />
      </form>
      {editing ? (
        <TitleField value={title} label="Title" onSave={item.rename} onEmpty={() => todo.remove(id)} onClose={close} />
      ) : (
        // biome-ignore lint/a11y/noStaticElementInteractions: the pencil does the same for those without a mouse
        <span className={styles.text} dir="auto" onDoubleClick={() => setEditing(true)}>
          {title}
        </span>
      )}
      <div className={styles.tools}>
        <IconButton ref={pencil} variant="ghost" color="gray" aria-label={`Edit ${title}`} onClick={() => setEditing(true)}>
          <Pencil1Icon />
        </IconButton>
        <IconButton variant="ghost" color="gray" aria-label={`Delete ${title}`} onClick={() => void todo.remove(id)}>
          <Cross2Icon />
        </IconButton>
      </div>
    </li>
  );
}
