"use client";
import { type KeyboardEvent, useRef, useState } from "react";
import type { View } from "twinstate";
import type { Item } from "@/state/todo";

const TOOL = "grid size-9 place-items-center rounded-lg text-muted transition hover:bg-line/60 hover:text-foreground";

export function TodoRow({ item, onRemove }: { item: View<Item>; onRemove(): void }) {
  const { id, title, done } = item;
  const [editing, setEditing] = useState(false);
  const pencil = useRef<HTMLButtonElement>(null);

  function close(byKey: boolean) {
    setEditing(false);
    if (byKey) requestAnimationFrame(() => pencil.current?.focus());
  }

  return (
    <li className="group flex min-h-14 items-center gap-3 py-1 pr-2 pl-5">
      <input
        id={`done-${id}`}
        type="checkbox"
        aria-label={title}
        checked={done}
        onChange={() => void item.toggle()}
        className="size-5 shrink-0 cursor-pointer accent-accent"
      />
      {editing ? (
        <TitleField
          title={title}
          onSave={(next) => {
            if (next !== "" && next !== title) void item.rename(next);
          }}
          onClose={close}
        />
      ) : (
        // biome-ignore lint/a11y/noStaticElementInteractions: the pencil does the same for those without a mouse
        <span dir="auto" className={`min-w-0 flex-1 py-1 break-words ${done ? "text-muted line-through" : ""}`} onDoubleClick={() => setEditing(true)}>
          {title}
        </span>
      )}
      <div className="flex shrink-0">
        <button ref={pencil} type="button" className={TOOL} aria-label={`Edit ${title}`} onClick={() => setEditing(true)}>
          <Icon path="M12.5 3.5l4 4L7 17H3v-4z" />
        </button>
        <button type="button" className={TOOL} aria-label={`Delete ${title}`} onClick={onRemove}>
          <Icon path="M5 5l10 10M15 5L5 15" />
        </button>
      </div>
    </li>
  );
}

interface TitleFieldProps {
  title: string;
  onSave(title: string): void;
  /** `byKey`: a key ended the edit, so the focus needs a new place. */
  onClose(byKey: boolean): void;
}

/** Edits a title in place. Enter and leaving the field save, Escape does not. */
function TitleField({ title, onSave, onClose }: TitleFieldProps) {
  const closed = useRef(false);

  function end(field: HTMLInputElement, save: boolean, byKey: boolean) {
    if (closed.current) return;
    closed.current = true;
    if (save) onSave(field.value.trim());
    onClose(byKey);
  }

  function press(event: KeyboardEvent<HTMLInputElement>) {
    if (event.nativeEvent.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    end(event.currentTarget, event.key === "Enter", true);
  }

  return (
    <input
      defaultValue={title}
      // biome-ignore lint/a11y/noAutofocus: the user has just asked to edit here
      autoFocus
      aria-label="Title"
      dir="auto"
      maxLength={200}
      autoComplete="off"
      className="-mx-2 h-9 min-w-0 flex-1 rounded-lg border border-line bg-background px-2"
      onKeyDown={press}
      onBlur={(event) => end(event.currentTarget, true, false)}
    />
  );
}

function Icon({ path }: { path: string }) {
  return (
    <svg viewBox="0 0 20 20" className="size-4.5 fill-none stroke-current stroke-[1.6]" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
