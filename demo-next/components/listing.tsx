import { Card, Flex, Text } from "@radix-ui/themes";
import type { ReactNode } from "react";
import styles from "./listing.module.css";

/** A piece of code with its explanation. */
export function Listing({ title, code, children }: { title: string; code: string; children: ReactNode }) {
  return (
    <Flex direction="column" gap="3" asChild>
      <section>
        <Text as="p">{children}</Text>
        <Card className={styles.card}>
          <Text as="div" size="1" color="gray" className={styles.title}>
            {title}
          </Text>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll, by keys too */}
          <pre className={styles.code} tabIndex={0}>
            <code>{code}</code>
          </pre>
        </Card>
      </section>
    </Flex>
  );
}
