"use client";
import { useDroppable } from "@dnd-kit/core";
import { SortableContext, verticalListSortingStrategy } from "@dnd-kit/sortable";
import { DotsHorizontalIcon, Pencil1Icon, TrashIcon } from "@radix-ui/react-icons";
import { AlertDialog, Button, DropdownMenu, Flex, Heading, IconButton, Text } from "@radix-ui/themes";
import { useRef, useState } from "react";
import type { View } from "twinstate";
import type { Column as ColumnState } from "../../state/board";
import { useHeir } from "../heir";
import { NewTitle } from "../new-title";
import { TitleField } from "../title-field";
import styles from "./board.module.css";
import { Card } from "./card";
import { useThisBoard } from "./this-board";

/** Finds the field of the new column, which stands after the last one. */
const newColumnField = (column: HTMLElement) => column.nextElementSibling?.querySelector("input");

export function Column({ column: { id, title, cards } }: { column: View<ColumnState> }) {
  const board = useThisBoard();
  const { setNodeRef } = useDroppable({ id, data: { type: "column" } });
  const [editing, setEditing] = useState(false);
  const [asking, setAsking] = useState(false);
  const menu = useRef<HTMLButtonElement>(null);
  const place = `column-${id}`;
  const closeMenu = useHeir(place, newColumnField);

  function close(byKey: boolean) {
    setEditing(false);
    if (byKey) menu.current?.focus();
  }

  function closeDialog(event: Event) {
    event.preventDefault();
    menu.current?.focus();
    closeMenu(event);
  }

  return (
    <section className={styles.column} aria-label={title} id={place} ref={setNodeRef}>
      <Flex align="center" gap="2" className={styles.columnHead}>
        {editing ? (
          <TitleField value={title} label="Column title" className={styles.columnField} onSave={(next) => board.renameColumn(id, next)} onClose={close} />
        ) : (
          <Heading as="h2" size="3" className={styles.columnTitle} dir="auto" onDoubleClick={() => setEditing(true)}>
            {title}
          </Heading>
        )}
        <Text size="1" color="gray" className={styles.badge}>
          {cards.length}
        </Text>
        <DropdownMenu.Root modal={false}>
          <DropdownMenu.Trigger>
            <IconButton ref={menu} data-first variant="ghost" color="gray" size="1" aria-label={`Column ${title}`}>
              <DotsHorizontalIcon />
            </IconButton>
          </DropdownMenu.Trigger>
          <DropdownMenu.Content size="1" align="end" onCloseAutoFocus={(event) => (editing ? event.preventDefault() : closeMenu(event))}>
            <DropdownMenu.Item onSelect={() => setEditing(true)}>
              <Pencil1Icon /> Rename
            </DropdownMenu.Item>
            <DropdownMenu.Item color="red" onSelect={() => (cards.length > 0 ? setAsking(true) : void board.removeColumn(id))}>
              <TrashIcon /> Delete
            </DropdownMenu.Item>
          </DropdownMenu.Content>
        </DropdownMenu.Root>
      </Flex>
      <SortableContext id={id} items={cards.map((card) => card.id)} strategy={verticalListSortingStrategy}>
        {cards.length === 0 ? (
          <Text as="p" size="2" color="gray" align="center" className={styles.empty}>
            No cards
          </Text>
        ) : (
          <ul className={styles.cards} aria-label={`Cards of ${title}`}>
            {cards.map((card) => (
              <Card card={card} columnId={id} key={card.id} />
            ))}
          </ul>
        )}
      </SortableContext>
      <NewTitle label="Add a card" onAdd={(next) => board.add(id, next)} />
      <AlertDialog.Root open={asking} onOpenChange={setAsking}>
        <AlertDialog.Content maxWidth="400px" onCloseAutoFocus={closeDialog}>
          <AlertDialog.Title size="4">Delete “{title}”?</AlertDialog.Title>
          <AlertDialog.Description size="2">
            {cards.length === 1 ? "Its card goes" : `Its ${cards.length} cards go`} with it, for everybody.
          </AlertDialog.Description>
          <Flex gap="3" mt="4" justify="end">
            <AlertDialog.Cancel>
              <Button variant="soft" color="gray">
                Keep
              </Button>
            </AlertDialog.Cancel>
            <AlertDialog.Action>
              <Button color="red" onClick={() => void board.removeColumn(id)}>
                Delete
              </Button>
            </AlertDialog.Action>
          </Flex>
        </AlertDialog.Content>
      </AlertDialog.Root>
    </section>
  );
}
