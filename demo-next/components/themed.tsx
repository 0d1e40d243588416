"use client";
import { Theme } from "@radix-ui/themes";
import { ThemeProvider } from "next-themes";
import type { ReactNode } from "react";
import { useLook } from "../state/client";

/** Shows everything below in the theme of this browser. `next-themes` follows the system where nothing else was chosen. */
export function Themed({ children }: { children: ReactNode }) {
  const { theme } = useLook();
  const chosen = theme === "system" ? undefined : theme;
  return (
    <ThemeProvider attribute="class" disableTransitionOnChange forcedTheme={chosen}>
      <Theme accentColor="iris" grayColor="slate" radius="large" appearance={chosen ?? "inherit"}>
        {children}
      </Theme>
    </ThemeProvider>
  );
}
