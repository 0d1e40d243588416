"use client";
import { Card, Flex, Heading, Text } from "@radix-ui/themes";
import { type ReactNode, useState, useSyncExternalStore } from "react";
import { For } from "twinstate/react";
import { useTicker } from "../../state/client";
import { QuoteRow } from "./quote-row";
import { createRenders, type Renders, RendersContext } from "./renders";
import styles from "./ticker.module.css";

export function Ticker() {
  const [renders] = useState(createRenders);
  return (
    <RendersContext value={renders}>
      <div className={styles.ticker}>
        <Flex align="end" justify="between" gap="4" wrap="wrap">
          <Flex direction="column" gap="1">
            <Heading size="8">Ticker</Heading>
            <Text color="gray">A market of 1,000 rows for everybody. Twenty times a second the server changes one, while somebody looks.</Text>
          </Flex>
          <Counts renders={renders} />
        </Flex>
        <Quotes />
      </div>
    </RendersContext>
  );
}

/** The market. It renders with each trade, and so does the one row that has changed. */
function Quotes() {
  const { quotes } = useTicker();
  return (
    <Card className={styles.card}>
      <ul className={styles.quotes} aria-label="Quotes">
        <For each={quotes}>{(quote) => <QuoteRow quote={quote} />}</For>
      </ul>
    </Card>
  );
}

function Counts({ renders }: { renders: Renders }) {
  const { trades } = useTicker();
  const [before] = useState(trades);
  const rendered = useSyncExternalStore(
    renders.subscribe,
    () => renders.count,
    () => 0,
  );
  return (
    <dl className={styles.counts}>
      <Count name="Trades so far">{trades}</Count>
      <Count name="Since you came">{trades - before}</Count>
      <Count name="Rows rendered">{rendered}</Count>
    </dl>
  );
}

function Count({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text as="div" size="1" color="gray" asChild>
        <dt>{name}</dt>
      </Text>
      <Text size="5" weight="medium" asChild>
        <dd className={styles.number}>{children}</dd>
      </Text>
    </div>
  );
}
