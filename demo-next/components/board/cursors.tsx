"use client";
import { type RefObject, use, useEffect, useState } from "react";
import { usePresence } from "twinstate/react";
import { useBoard } from "../../state/client";
import styles from "./cursors.module.css";
import { BoardKey } from "./this-board";

/** The pointers of the others, with their names, over the board; and this tab's own, for them. */
export function Cursors({ board }: { board: RefObject<HTMLElement | null> }) {
  const guests = useBoard(use(BoardKey), ({ guests }) => guests);
  const cursor = usePointer(board);
  const others = usePresence(guests, { cursor });
  return (
    <div className={styles.cursors} aria-hidden>
      {others.map(
        ({ id, person, cursor }) =>
          cursor && (
            <div className={styles.cursor} style={{ left: `${cursor.x * 100}%`, top: cursor.y, color: `var(--${person.color}-11)` }} data-cursor key={id}>
              <svg width="18" height="18" viewBox="0 0 18 18" fill="currentColor" aria-hidden>
                <path d="M1 1l6 16 2.5-7.5L17 7z" />
              </svg>
              <span className={styles.name} style={{ background: `var(--${person.color}-9)` }}>
                {person.name}
              </span>
            </div>
          ),
      )}
    </div>
  );
}

interface Point {
  x: number;
  y: number;
}

/** Where the pointer is over an element: as a part of its width, and in pixels from its top. A finger is no pointer that stays. */
function usePointer(over: RefObject<HTMLElement | null>): Point | undefined {
  const [point, setPoint] = useState<Point>();
  useEffect(() => {
    const element = over.current;
    if (!element) return;
    const move = ({ clientX, clientY, pointerType }: PointerEvent) => {
      if (pointerType === "touch") return;
      const { left, top, width } = element.getBoundingClientRect();
      setPoint({ x: Math.min(1, Math.max(0, (clientX - left) / width)), y: Math.max(0, clientY - top) });
    };
    const leave = () => setPoint(undefined);
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerleave", leave);
    return () => {
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerleave", leave);
    };
  }, [over]);
  return point;
}
