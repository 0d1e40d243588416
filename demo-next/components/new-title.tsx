"use client";
import { PlusIcon } from "@radix-ui/react-icons";
import styles from "./new-title.module.css";

/** A field that adds something by its title, on Enter. */
export function NewTitle({ label, onAdd }: { label: string; onAdd(title: string): unknown }) {
  function add(data: FormData) {
    const title = String(data.get("title")).trim();
    if (title !== "") onAdd(title);
  }

  return (
    <form className={styles.newTitle} action={add}>
      <PlusIcon />
      <input name="title" dir="auto" placeholder={label} aria-label={label} maxLength={200} autoComplete="off" />
    </form>
  );
}
