import { Flex, Text } from "@radix-ui/themes";
import Link from "next/link";
import { Connection } from "./connection";
import styles from "./header.module.css";
import { Navigation } from "./navigation";
import { ThemeToggle } from "./theme-toggle";

export function Header() {
  return (
    <header className={styles.header}>
      <Flex align="center" gap={{ initial: "2", sm: "5" }} className={styles.inner}>
        <Link href="/" className={styles.brand} aria-label="twinstate">
          <svg viewBox="0 0 32 20" width="32" height="20" aria-hidden="true">
            <circle cx="11" cy="10" r="9" fill="var(--iris-9)" />
            <circle cx="21" cy="10" r="9" fill="var(--cyan-9)" fillOpacity=".75" />
          </svg>
          <Text weight="bold" size="3" className={styles.name}>
            twinstate
          </Text>
        </Link>
        <Navigation />
        <Flex align="center" gap="4" ml="auto">
          <Connection />
          <ThemeToggle />
        </Flex>
      </Flex>
    </header>
  );
}
