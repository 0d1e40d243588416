"use client";
import { PlusIcon } from "@radix-ui/react-icons";
import type { FormEvent } from "react";
import styles from "./board.module.css";

/** A field that adds something by its title, on Enter. */
export function NewTitle({ label, onAdd }: { label: string; onAdd(title: string): unknown }) {
  function add(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const title = String(new FormData(form).get("title")).trim();
    if (title === "") return;
    onAdd(title);
    form.reset();
  }

  return (
    <form className={styles.newTitle} onSubmit={add}>
      <PlusIcon />
      <input name="title" placeholder={label} aria-label={label} maxLength={200} autoComplete="off" />
    </form>
  );
}
