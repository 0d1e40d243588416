"use client";
import { ChevronDownIcon } from "@radix-ui/react-icons";
import { Button, TabNav, VisuallyHidden } from "@radix-ui/themes";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useId, useRef } from "react";
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

/** The links of all pages: tabs where they fit, and else a menu, which opens without scripts too. */
export function Navigation() {
  const path = usePathname();
  const root = useRef<HTMLElement>(null);
  const id = useId();
  return (
    <>
      <TabNav.Root ref={root} id={id} popover="auto" className={styles.pages} aria-label="Pages" onClick={() => root.current?.hidePopover()}>
        {PAGES.map(({ name, href, under }) => (
          <TabNav.Link asChild active={under.test(path)} key={href}>
            <Link href={href}>{name}</Link>
          </TabNav.Link>
        ))}
      </TabNav.Root>
      <Button variant="ghost" color="gray" highContrast className={styles.menu} popoverTarget={id}>
        <VisuallyHidden>Pages: </VisuallyHidden>
        {PAGES.find(({ under }) => under.test(path))?.name ?? "all"}
        <ChevronDownIcon />
      </Button>
    </>
  );
}
