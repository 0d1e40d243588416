"use client";
import { useLayoutEffect, useRef } from "react";

interface Left {
  readonly heir: Element | null | undefined;
}

/**
 * Chooses the element that gets the focus when a focused element leaves the page; otherwise the focus falls to the body, and the keyboard starts at the top. An element that has
 * only moved keeps the focus. If it is gone, its next sibling gets it, at its `data-first`; without a sibling, the result of `otherwise`, which runs while the element is in the page.
 * @returns a handler for `onCloseAutoFocus` of a menu or dialog, which may have removed the element
 */
export function useHeir(id: string, otherwise: (leaving: HTMLElement) => Element | null | undefined): (event: Event) => void {
  const left = useRef<Left>(undefined);

  useLayoutEffect(() => {
    const own = document.getElementById(id);
    left.current = undefined;
    return () => {
      if (!own) return;
      const heir = firstOf(own.nextElementSibling) ?? otherwise(own);
      left.current = { heir };
      if (!own.contains(document.activeElement)) return;
      focus(heir);
      requestAnimationFrame(() => focus(firstOf(document.getElementById(id))));
    };
  }, [id, otherwise]);

  return (event) => {
    if (!left.current) return;
    event.preventDefault();
    focus(firstOf(document.getElementById(id)) ?? left.current.heir);
  };
}

const firstOf = (element: Element | null | undefined) => element?.querySelector("[data-first]");

function focus(element: Element | null | undefined): void {
  if (element instanceof HTMLElement) element.focus();
}
