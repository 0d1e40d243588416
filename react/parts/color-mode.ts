import { useLayoutEffect, useSyncExternalStore } from "react";

/** What somebody has chosen for a browser. */
export type ColorTheme = "system" | "light" | "dark";

/** Light or dark, and how to change it. */
export interface ColorMode {
  /** What the page shows. On the server, `"system"` shows light: only the browser knows. */
  readonly mode: "light" | "dark";
  /** Shows the other one, and follows the system again where that is what the system wants. */
  toggle(): void;
}

/**
 * Light or dark, as somebody has chosen for this browser, or as the system wants. `theme` is a field that the browser keeps: `@state({ keep: "cookie" })`.
 * While the component is mounted, `<html>` has the class `dark` in the dark.
 * @example
 * const { theme, choose } = useLook();
 * const { mode, toggle } = useColorMode(theme, choose);
 */
export function useColorMode(theme: ColorTheme, choose: (theme: ColorTheme) => unknown): ColorMode {
  const dark = useSyncExternalStore(subscribe, systemIsDark, () => false);
  const system = dark ? "dark" : "light";
  const mode = theme === "system" ? system : theme;
  // A page that hydrates knows nothing of the system in its first render.
  useLayoutEffect(() => {
    document.documentElement.classList.toggle("dark", theme === "dark" || (theme === "system" && (dark || systemIsDark())));
  }, [theme, dark]);
  return {
    mode,
    toggle() {
      const next = mode === "dark" ? "light" : "dark";
      choose(next === system ? "system" : next);
    },
  };
}

const DARK = "(prefers-color-scheme: dark)";
const systemIsDark = () => matchMedia(DARK).matches;

function subscribe(listener: () => void): () => void {
  const query = matchMedia(DARK);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}
