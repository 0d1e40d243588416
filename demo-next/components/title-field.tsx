"use client";
import { type KeyboardEvent, useRef, useState } from "react";
import { useReport } from "./notices";
import styles from "./title-field.module.css";

interface Props {
  value: string;
  label: string;
  className?: string;
  /** Takes the new title, which is neither empty nor the old one. */
  onSave(title: string): PromiseLike<unknown>;
  /** The title was emptied. */
  onEmpty?(): void;
  /** The edit is over. `byKey`: the focus is to be put somewhere. */
  onClose(byKey: boolean): void;
}

/** Edits a title in place: Enter and leaving the field save, Escape does not. */
export function TitleField({ value, label, className = "", onSave, onEmpty, onClose }: Props) {
  const [saving, setSaving] = useState(false);
  const over = useRef(false);
  const report = useReport();

  async function save(text: string, byKey: boolean) {
    if (over.current) return;
    over.current = true;
    const title = text.trim();
    if (title === "" && onEmpty) return onEmpty();
    if (title !== "" && title !== value) {
      // The new title stays in the field until it stands in the store.
      setSaving(true);
      try {
        await onSave(title);
      } catch (error) {
        report(error);
      }
    }
    onClose(byKey);
  }

  function press(event: KeyboardEvent<HTMLInputElement>) {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter") void save(event.currentTarget.value, true);
    if (event.key === "Escape" && !over.current) {
      over.current = true;
      onClose(true);
    }
  }

  return (
    <input
      // biome-ignore lint/a11y/noAutofocus: the user has just asked to edit here
      autoFocus
      aria-label={label}
      className={`${styles.field} ${className}`}
      defaultValue={value}
      maxLength={200}
      readOnly={saving}
      onFocus={(event) => event.currentTarget.setSelectionRange(value.length, value.length)}
      onKeyDown={press}
      onBlur={(event) => void save(event.currentTarget.value, false)}
    />
  );
}
