"use client";
import { use } from "react";
import { useBoard } from "../../state/client";
import { People } from "../people";
import { BoardKey } from "./this-board";

/** The people who have the board open, each once, however many tabs they have. The selected list stays the same while cursors move, so this renders rarely. */
export function Guests() {
  const people = useBoard(use(BoardKey), ({ guests }) =>
    guests.map(({ person, device }) => ({ ...person, device })).filter((guest, index, all) => all.findIndex(({ id }) => id === guest.id) === index),
  );
  return <People people={people} />;
}
