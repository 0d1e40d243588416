"use client";
import { NewTitle } from "../new-title";
import styles from "./board.module.css";
import { useThisBoard } from "./this-board";

export function NewColumn() {
  const { addColumn } = useThisBoard();
  return (
    <div className={styles.newColumn}>
      <NewTitle label="Add a column" onAdd={addColumn} />
    </div>
  );
}
