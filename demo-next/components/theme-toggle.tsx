"use client";
import { MoonIcon, SunIcon } from "@radix-ui/react-icons";
import { IconButton } from "@radix-ui/themes";
import { useTheme } from "next-themes";
import { useLook } from "../state/client";
import styles from "./theme-toggle.module.css";

/** Toggles light and dark. Both icons are in the HTML, as only the browser knows which one shows. */
export function ThemeToggle() {
  const { theme, choose } = useLook();
  const { systemTheme } = useTheme();

  function toggle() {
    const next = (theme === "system" ? systemTheme : theme) === "dark" ? "light" : "dark";
    // A choice equal to the system's theme follows the system again.
    choose(next === systemTheme ? "system" : next);
  }

  return (
    <IconButton variant="ghost" color="gray" aria-label="Light or dark" onClick={toggle}>
      <MoonIcon width="18" height="18" className={styles.light} />
      <SunIcon width="18" height="18" className={styles.dark} />
    </IconButton>
  );
}
