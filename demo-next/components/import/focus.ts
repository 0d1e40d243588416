import { useEffect, useRef } from "react";

/** Keeps the focus in a section whose control, which has it, gives way to another one. The second function says that the user works there. */
export function useFocusKept(state: unknown) {
  const section = useRef<HTMLElement>(null);
  const own = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus goes with the control that `state` has taken away
  useEffect(() => {
    if (own.current && document.activeElement === document.body) section.current?.focus({ preventScroll: true });
  }, [state]);
  return [
    section,
    () => {
      own.current = true;
    },
  ] as const;
}
