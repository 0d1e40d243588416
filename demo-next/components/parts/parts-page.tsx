"use client";
import { Flex, Heading, Text } from "@radix-ui/themes";
import type { ComponentProps } from "react";
import { Attachments } from "./attachments";
import { GuestList } from "./guest-list";
import styles from "./parts.module.css";
import { Settings } from "./settings";
import { StockTable } from "./stock-table";

/** Parts of pages that are bound to stores: what `twinstate/react/parts` has, in Radix Themes. */
export function PartsPage({ products }: { products: ComponentProps<typeof StockTable>["initial"] }) {
  return (
    <div className={styles.page}>
      <Flex direction="column" gap="1">
        <Heading size="8">Parts</Heading>
        <Text color="gray">Fields, a form, files and a long table, each bound to a store. Open a second tab to see them follow.</Text>
      </Flex>
      <div className={styles.columns}>
        <Settings />
        <Flex direction="column" gap="5">
          <GuestList />
          <Attachments />
        </Flex>
      </div>
      <StockTable initial={products} />
    </div>
  );
}
