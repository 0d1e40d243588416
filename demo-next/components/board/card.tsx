"use client";
import { useSortable } from "@dnd-kit/sortable";
import { DotsHorizontalIcon, Pencil1Icon, TrashIcon } from "@radix-ui/react-icons";
import { Avatar, DropdownMenu, IconButton } from "@radix-ui/themes";
import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import type { View } from "twinstate";
import type { Card as CardState } from "../../state/board";
import { useHeir } from "../heir";
import { initials } from "../people";
import { TitleField } from "../title-field";
import styles from "./board.module.css";
import { useThisBoard } from "./this-board";

const newCardField = (card: HTMLElement) => card.closest("section")?.querySelector("input[name=title]");

export function Card({ card, columnId }: { card: View<CardState>; columnId: string }) {
  const { id, title } = card;
  const board = useThisBoard();
  const [editing, setEditing] = useState(false);
  const face = useRef<HTMLDivElement>(null);
  const place = `card-${id}`;
  const closeMenu = useHeir(place, newCardField);
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
      id={place}
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
          menu={<CardMenu id={id} title={title} columnId={columnId} onEdit={() => setEditing(true)} onClose={closeMenu} />}
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

/** The looks of a card, in its column and while it is dragged. */
export function CardFace({ card: { title, by }, grip, menu }: { card: View<CardState>; grip?: React.ComponentProps<"div">; menu?: ReactNode }) {
  return (
    <div className={styles.card} data-flying={!grip || undefined}>
      <div className={styles.grip} dir="auto" data-first={grip && ""} {...grip}>
        {title}
      </div>
      <span role="img" aria-label={`Added by ${by.name}`} title={`Added by ${by.name}`} className={styles.by}>
        <Avatar size="1" radius="full" highContrast color={by.color} fallback={initials(by.name)} />
      </span>
      {menu}
    </div>
  );
}

interface CardMenuProps {
  id: string;
  title: string;
  columnId: string;
  onEdit(): void;
  onClose(event: Event): void;
}

function CardMenu({ id, title, columnId, onEdit, onClose }: CardMenuProps) {
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
          // The field already has the focus.
          if (edited.current) event.preventDefault();
          else onClose(event);
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
