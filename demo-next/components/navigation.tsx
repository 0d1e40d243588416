"use client";
import { TabNav } from "@radix-ui/themes";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useEffect, useRef } from "react";
import styles from "./header.module.css";

const PAGES = [
  { name: "To-do", href: "/", under: /^\/$/ },
  { name: "Board", href: "/board/demo", under: /^\/board\// },
  { name: "Polls", href: "/poll", under: /^\/poll/ },
  { name: "Ticker", href: "/ticker", under: /^\/ticker$/ },
  { name: "Chat", href: "/chat/demo", under: /^\/chat/ },
  { name: "Import", href: "/import", under: /^\/import$/ },
  { name: "Parts", href: "/parts", under: /^\/parts$/ },
  { name: "Sign in", href: "/account", under: /^\/(account|sign-in)$/ },
  { name: "About", href: "/about", under: /^\/about$/ },
];

export function Navigation() {
  const path = usePathname();
  const root = useRef<HTMLElement>(null);
  // On a phone the links scroll, and the one of the page shows.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the page has changed, and its link with it
  useEffect(() => {
    root.current?.querySelector("[data-active]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [path]);
  return (
    <TabNav.Root ref={root} className={styles.navigation} aria-label="Pages">
      {PAGES.map(({ name, href, under }) => (
        <TabNav.Link asChild active={under.test(path)} key={href}>
          <Link href={href}>{name}</Link>
        </TabNav.Link>
      ))}
    </TabNav.Root>
  );
}
