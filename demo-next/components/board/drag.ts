"use client";
import {
  type CollisionDetection,
  closestCenter,
  type DragEndEvent,
  type DragOverEvent,
  type DragStartEvent,
  type DroppableContainer,
  type KeyboardCoordinateGetter,
  KeyboardSensor,
  MouseSensor,
  TouchSensor,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { useState } from "react";
import type { View } from "twinstate";
import type { Column } from "../../state/board";
import { useReport } from "../notices";
import { useThisBoard } from "./this-board";

type Columns = readonly View<Column>[];

/** A dragged card, and where it would land now. */
interface Drag {
  readonly card: string;
  readonly column: string;
  readonly index: number;
}

/** Gives the columns of this board with the dragged card where the user holds it, whatever others change meanwhile. */
export function useDrag() {
  const board = useThisBoard();
  const report = useReport();
  const [drag, setDrag] = useState<Drag>();
  const [held, setHeld] = useState<string>();
  const columns = drag ? arrange(board.columns, drag) : board.columns;

  const sensors = useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 5 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 180, tolerance: 8 } }),
    useSensor(KeyboardSensor, { coordinateGetter: step, keyboardCodes: { start: ["Space"], end: ["Space", "Enter"], cancel: ["Escape"] } }),
  );

  function start({ active }: DragStartEvent) {
    setHeld(String(active.id));
    setDrag(placeOf(columns, String(active.id)));
  }

  /** Moves the card when it enters another column. Within a column dnd-kit shifts the cards itself. */
  function over(event: DragOverEvent) {
    const place = landing(columns, event);
    if (place && drag && place.column !== drag.column) setDrag(place);
  }

  async function end(event: DragEndEvent) {
    setHeld(undefined);
    const place = landing(columns, event) ?? drag;
    if (!place) return;
    setDrag(place);
    try {
      // The card stays where it was dropped until the store says the same.
      await board.move(place.card, place.column, place.index);
    } catch (error) {
      report(error);
    }
    // There is no `finally`, as the React Compiler would not compile this hook then.
    setDrag((now) => (now === place ? undefined : now));
  }

  function cancel() {
    setHeld(undefined);
    setDrag(undefined);
  }

  return { columns, held, sensors, collisionDetection, handlers: { onDragStart: start, onDragOver: over, onDragEnd: end, onDragCancel: cancel } };
}

/** Gives the columns with a card moved to its place. */
function arrange(columns: Columns, { card, column, index }: Drag): Columns {
  const moved = columns.flatMap(({ cards }) => cards).find(({ id }) => id === card);
  if (!moved || !columns.some(({ id }) => id === column)) return columns;
  return columns.map((each) => {
    const cards = each.cards.filter(({ id }) => id !== card);
    return { ...each, cards: each.id === column ? cards.toSpliced(index, 0, moved) : cards };
  });
}

function placeOf(columns: Columns, card: string): Drag | undefined {
  for (const { id, cards } of columns) {
    const index = cards.findIndex((each) => each.id === card);
    if (index >= 0) return { card, column: id, index };
  }
  return undefined;
}

/** Finds where the card lands: in the place of a card of its own column, before or after a card of another, or at the end of a column. */
function landing(columns: Columns, { active, over }: Pick<DragOverEvent, "active" | "over">): Drag | undefined {
  if (!over) return undefined;
  const card = String(active.id);
  const from = placeOf(columns, card);
  const at = placeOf(columns, String(over.id));
  if (!at) {
    const column = columns.find(({ id }) => id === over.id);
    return column && { card, column: column.id, index: column.cards.filter(({ id }) => id !== card).length };
  }
  if (from?.column === at.column) return { ...at, card };
  const held = active.rect.current.translated;
  const below = held && held.top + held.height / 2 > over.rect.top + over.rect.height / 2;
  return { card, column: at.column, index: at.index + (below ? 1 : 0) };
}

/** Says in words where the card would land. */
export function placeName(columns: Columns, drag: Pick<DragOverEvent, "active" | "over">): string {
  const place = landing(columns, drag);
  const column = columns.find(({ id }) => id === place?.column);
  if (!place || !column) return "its place";
  const others = column.cards.filter(({ id }) => id !== place.card).length;
  return `place ${place.index + 1} of ${others + 1} in ${column.title}`;
}

const isColumn = ({ data }: DroppableContainer) => data.current?.type === "column";
const columnOf = ({ data }: DroppableContainer): unknown => data.current?.sortable?.containerId;

/** Finds the column under the pointer, or else the nearest one, and in it the nearest card. */
const collisionDetection: CollisionDetection = (args) => {
  const { droppableContainers, droppableRects, collisionRect, pointerCoordinates } = args;
  const x = pointerCoordinates?.x ?? collisionRect.left + collisionRect.width / 2;
  let column: DroppableContainer | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const container of droppableContainers.filter(isColumn)) {
    const rect = droppableRects.get(container.id);
    const distance = rect ? Math.max(rect.left - x, x - rect.right, 0) : Number.POSITIVE_INFINITY;
    if (distance < least) [column, least] = [container, distance];
  }
  if (!column) return [];
  const cards = droppableContainers.filter((container) => columnOf(container) === column.id);
  return cards.length > 0 ? closestCenter({ ...args, droppableContainers: cards }) : [{ id: column.id }];
};

/** Moves a dragged card by arrow keys: left and right to the next column, up and down by one card. */
const step: KeyboardCoordinateGetter = (event, { active, context: { collisionRect, droppableContainers, droppableRects, over } }) => {
  if (!collisionRect) return undefined;
  const at = over?.id ?? active;
  const places = droppableContainers.getEnabled().flatMap((container) => {
    const rect = droppableRects.get(container.id);
    return rect ? [{ container, rect }] : [];
  });
  const columns = places.filter(({ container }) => isColumn(container)).sort((a, b) => a.rect.left - b.rect.left);
  const here = places.find(({ container }) => container.id === at);
  const column = here && (isColumn(here.container) ? here.container.id : columnOf(here.container));
  const cards = places.filter(({ container }) => columnOf(container) === column).sort((a, b) => a.rect.top - b.rect.top);
  const beside = (by: number) => columns[columns.findIndex(({ container }) => container.id === column) + by]?.rect;
  const along = (by: number) => cards[cards.findIndex(({ container }) => container.id === at) + by]?.rect;

  switch (event.code) {
    case "ArrowLeft":
    case "ArrowRight": {
      event.preventDefault();
      const to = beside(event.code === "ArrowLeft" ? -1 : 1);
      return to && { x: to.left + (to.width - collisionRect.width) / 2, y: Math.max(collisionRect.top, to.top) };
    }
    case "ArrowUp":
    case "ArrowDown": {
      event.preventDefault();
      const to = along(event.code === "ArrowUp" ? -1 : 1);
      return to && { x: to.left, y: to.top };
    }
    default:
      return undefined;
  }
};
