"use client";
import { useLayoutEffect, useRef } from "react";

interface Left {
  readonly heir: Element | null | undefined;
}

/**
 * Says who gets the focus when an element leaves the page with it: else it falls to the body, and the keyboard starts from the top. What has moved keeps it;
 * else its next sibling gets it, at what is marked `data-first` there; else what `otherwise` finds, asked while the element still stands in the page.
 * @returns for `onCloseAutoFocus` of a menu or dialog of the element, which may have taken the element away
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
