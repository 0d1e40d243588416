"use client";
import { useSortable } from "@dnd-kit/sortable";
import { DotsHorizontalIcon, Pencil1Icon, TrashIcon } from "@radix-ui/react-icons";
import { Avatar, DropdownMenu, IconButton } from "@radix-ui/themes";
import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import type { View } from "twinstate";
import type { Card as CardState } from "../../state/board";
import { TitleField } from "../title-field";
import styles from "./board.module.css";
import { initials } from "./people";
import { useThisBoard } from "./this-board";

export function Card({ card, columnId }: { card: View<CardState>; columnId: string }) {
  const { id, title } = card;
  const board = useThisBoard();
  const [editing, setEditing] = useState(false);
  const face = useRef<HTMLDivElement>(null);
  const { setNodeRef, setActivatorNodeRef, attributes, listeners, transform, transition, isDragging } = useSortable({ id, disabled: editing });

  function close(byKey: boolean) {
    setEditing(false);
    if (byKey) requestAnimationFrame(() => face.current?.focus());
  }

  function press(event: KeyboardEvent) {
    if (event.key === "Enter" && !isDragging) {
      event.preventDefault();
      setEditing(true);
      return;
    }
    listeners?.onKeyDown?.(event);
  }

  return (
    <li
      ref={setNodeRef}
      className={styles.place}
      data-held={isDragging || undefined}
      style={{ transform: transform ? `translate3d(0, ${transform.y}px, 0)` : undefined, transition }}
    >
      {editing ? (
        <div className={styles.card} data-editing>
          <TitleField
            value={title}
            label="Title"
            className={styles.cardField}
            onSave={(next) => board.rename(id, next)}
            onEmpty={() => board.remove(id)}
            onClose={close}
          />
        </div>
      ) : (
        <CardFace
          card={card}
          menu={<CardMenu id={id} title={title} columnId={columnId} onEdit={() => setEditing(true)} />}
          grip={{
            ...attributes,
            ...listeners,
            ref: (node: HTMLDivElement | null) => {
              face.current = node;
              setActivatorNodeRef(node);
            },
            onKeyDown: press,
            onDoubleClick: () => setEditing(true),
          }}
        />
      )}
    </li>
  );
}

/** A card as it looks: in its column, and held. */
export function CardFace({ card: { title, by }, grip, menu }: { card: View<CardState>; grip?: React.ComponentProps<"div">; menu?: ReactNode }) {
  return (
    <div className={styles.card} data-flying={!grip || undefined}>
      <div className={styles.grip} {...grip}>
        {title}
      </div>
      <Avatar size="1" radius="full" color={by.color} fallback={initials(by.name)} title={`Added by ${by.name}`} className={styles.by} />
      {menu}
    </div>
  );
}

function CardMenu({ id, title, columnId, onEdit }: { id: string; title: string; columnId: string; onEdit(): void }) {
  const board = useThisBoard();
  const edited = useRef(false);
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger>
        <IconButton variant="ghost" color="gray" size="1" className={styles.menu} aria-label={`Card ${title}`}>
          <DotsHorizontalIcon />
        </IconButton>
      </DropdownMenu.Trigger>
      <DropdownMenu.Content
        size="1"
        align="end"
        onCloseAutoFocus={(event) => {
          // The field has the focus already.
          if (edited.current) event.preventDefault();
        }}
      >
        <DropdownMenu.Item
          onSelect={() => {
            edited.current = true;
            onEdit();
          }}
        >
          <Pencil1Icon /> Edit
        </DropdownMenu.Item>
        <DropdownMenu.Separator />
        {board.columns
          .filter((column) => column.id !== columnId)
          .map((column) => (
            <DropdownMenu.Item key={column.id} onSelect={() => void board.move(id, column.id, column.cards.length)}>
              Move to {column.title}
            </DropdownMenu.Item>
          ))}
        <DropdownMenu.Separator />
        <DropdownMenu.Item color="red" onSelect={() => void board.remove(id)}>
          <TrashIcon /> Delete
        </DropdownMenu.Item>
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  );
}
