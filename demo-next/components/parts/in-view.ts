"use client";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";

/** The indexes of the rows of a long table that are in view, and a few around. All rows have the same height, in px. */
export function useInView(count: number, height: number) {
  "use no memo"; // The virtualizer is an object that changes, which the React Compiler does not know.
  const scroller = useRef<HTMLElement>(null);
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 6,
    // The titles scroll too.
    scrollMargin: height,
    initialRect: { width: 0, height: 440 },
  });
  return { scroller, inView: virtual.getVirtualItems().map(({ index }) => index) };
}
