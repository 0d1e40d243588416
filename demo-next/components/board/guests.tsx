"use client";
import { use } from "react";
import { useBoard } from "../../state/client";
import { eachOnce, People } from "../people";
import { BoardKey } from "./this-board";

/** The people who have the board open. The selected list stays the same while cursors move, so this renders rarely. */
export function Guests() {
  const people = useBoard(use(BoardKey), ({ guests }) => eachOnce(guests));
  return <People people={people} />;
}
