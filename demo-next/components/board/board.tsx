"use client";
import { type Announcements, DndContext, DragOverlay, MeasuringStrategy } from "@dnd-kit/core";
import { Code, Flex, Heading, Link, Text } from "@radix-ui/themes";
import NextLink from "next/link";
import { useRef } from "react";
import styles from "./board.module.css";
import { BoardTools } from "./board-tools";
import { CardFace } from "./card";
import { Column } from "./column";
import { Cursors } from "./cursors";
import { placeName, useDrag } from "./drag";
import { Guests } from "./guests";
import { NewColumn } from "./new-column";
import { BoardKey, useThisBoard } from "./this-board";

export function Board({ name }: { name: string }) {
  const board = useRef<HTMLDivElement>(null);
  return (
    <BoardKey value={name}>
      <div className={styles.board} ref={board}>
        <Flex align="end" justify="between" gap="4" wrap="wrap">
          <BoardTitle name={name} />
          <Flex align="center" gap="4" wrap="wrap">
            <Guests />
            <BoardTools />
          </Flex>
        </Flex>
        <Columns />
        <Cursors board={board} />
      </div>
    </BoardKey>
  );
}

function BoardTitle({ name }: { name: string }) {
  const { count, columns } = useThisBoard();
  return (
    <Flex direction="column" gap="1">
      <Flex align="center" gap="3" wrap="wrap">
        <Heading size="8">Board</Heading>
        <Code size="3" color="gray" className={styles.key}>
          {name}
        </Code>
      </Flex>
      <Text color="gray">
        {count} {count === 1 ? "card" : "cards"} in {columns.length} {columns.length === 1 ? "column" : "columns"}, shared with everybody who has the link.{" "}
        <Link asChild>
          <NextLink href="/boards" prefetch={false}>
            All boards
          </NextLink>
        </Link>
      </Text>
    </Flex>
  );
}

function Columns() {
  const { columns, held, sensors, collisionDetection, handlers } = useDrag();
  const heldCard = columns.flatMap(({ cards }) => cards).find(({ id }) => id === held);

  const titleOf = (id: unknown) => columns.flatMap(({ cards }) => cards).find((each) => each.id === id)?.title ?? "";
  const announcements: Announcements = {
    onDragStart: ({ active }) => `Picked up ${titleOf(active.id)}.`,
    onDragOver: (drag) => (drag.over ? `${titleOf(drag.active.id)} is at ${placeName(columns, drag)}.` : undefined),
    onDragEnd: (drag) => (drag.over ? `Dropped ${titleOf(drag.active.id)} at ${placeName(columns, drag)}.` : undefined),
    onDragCancel: ({ active }) => `${titleOf(active.id)} is back where it was.`,
  };

  return (
    <DndContext
      id="board"
      sensors={sensors}
      collisionDetection={collisionDetection}
      measuring={{ droppable: { strategy: MeasuringStrategy.Always } }}
      accessibility={{
        announcements,
        screenReaderInstructions: {
          draggable: "Press space to pick up the card, arrow keys to move it, space to drop it, and escape to cancel. Press enter to edit it.",
        },
      }}
      {...handlers}
    >
      <div className={styles.columns}>
        {columns.map((column) => (
          <Column column={column} key={column.id} />
        ))}
        <NewColumn />
      </div>
      <DragOverlay>{heldCard && <CardFace card={heldCard} />}</DragOverlay>
    </DndContext>
  );
}
