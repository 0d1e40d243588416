"use client";
import { type ColorTheme, useColorMode } from "twinstate/react/parts";

/**
 * Sets the class `dark` before the first paint, from what the server rendered with. Put it into the `<body>`, above everything else, and
 * `suppressHydrationWarning` on `<html>`.
 */
export function ColorModeScript({ theme, nonce }: { theme: ColorTheme; nonce?: string }) {
  const dark = theme === "system" ? `matchMedia("(prefers-color-scheme: dark)").matches` : String(theme === "dark");
  const code = `document.documentElement.classList.toggle("dark", ${dark})`;
  // biome-ignore lint/security/noDangerouslySetInnerHtml: the code is made of constants
  return <script nonce={nonce} dangerouslySetInnerHTML={{ __html: code }} />;
}

/** A button for light and dark. `theme` is kept by the browser, and `choose` is the event that sets it. */
export function ColorModeButton({ theme, choose }: { theme: ColorTheme; choose(theme: ColorTheme): unknown }) {
  const { toggle } = useColorMode(theme, choose);
  return (
    <button
      type="button"
      aria-label="Light or dark"
      onClick={toggle}
      className="flex size-9 items-center justify-center rounded-md outline-none hover:bg-accent focus-visible:ring-3 focus-visible:ring-ring/50"
    >
      {/* Both are in the HTML, as only the browser knows which one shows. */}
      <span aria-hidden className="dark:hidden">
        ☾
      </span>
      <span aria-hidden className="hidden dark:inline">
        ☀
      </span>
    </button>
  );
}
