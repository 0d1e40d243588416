"use client";
import { Button, Card, Flex, Heading, Text, TextField } from "@radix-ui/themes";
import { memo, useEffect } from "react";
import { useField } from "twinstate/react";
import { eachOnce, type Rows, useTable } from "twinstate/react/parts";
import { useStock } from "../../state/client";
import type { Product } from "../../state/stock-rows";
import { People } from "../people";
import { useInView } from "./in-view";
import styles from "./parts.module.css";

/** How high a row is, in px. */
const HEIGHT = 40;
const COLUMNS = [
  { by: "name", title: "Name" },
  { by: "shelf", title: "Shelf" },
  { by: "price", title: "Price" },
] as const;
const ARROWS = { ascending: "↑", descending: "↓", none: "" };

/** A table of 100,000 products, of which the page holds those in view. `initial`: the first of them. */
export function StockTable({ initial }: { initial: Rows<Product> }) {
  const { rows, revision } = useStock();
  const table = useTable(rows, { sort: { by: "name", descending: false }, revision, initial });
  const count = table.count ?? 0;
  const { scroller, inView } = useInView(count, HEIGHT);
  const [first = 0, last = -1] = [inView[0], inView.at(-1)];
  const { show, query } = table;
  useEffect(() => show(first, last), [show, first, last]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another query begins at the top
  useEffect(() => {
    scroller.current?.scrollTo(0, 0);
  }, [query]);
  return (
    <Card size="3" asChild>
      <section aria-label="Stock">
        <Flex direction="column" gap="3">
          <Flex align="center" justify="between" gap="3" wrap="wrap">
            <Heading as="h2" size="4">
              Stock
            </Heading>
            <Viewers />
          </Flex>
          <Flex align="center" gap="3">
            <TextField.Root {...table.search} aria-label="Filter products" placeholder="Filter" className={styles.filter} />
            <Text size="2" color="gray" role="status">
              {count.toLocaleString("en")} {count === 1 ? "product" : "products"}
            </Text>
          </Flex>
          <section
            ref={scroller}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls by keys
            tabIndex={0}
            aria-label="Products"
            className={styles.scroller}
            data-held={table.held}
          >
            <table {...table.table} aria-label="Products" className={styles.table}>
              <thead>
                <tr aria-rowindex={1}>
                  {COLUMNS.map(({ by, title }) => (
                    <th {...table.heading(by)} key={by}>
                      <Button {...table.sorter(by)} variant="ghost" color="gray" highContrast>
                        {title} <span aria-hidden>{ARROWS[table.heading(by)["aria-sort"]]}</span>
                      </Button>
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody data-outdated={table.outdated || undefined}>
                <Space height={first * HEIGHT} />
                {inView.map((index) => (
                  <ProductRow key={table.keyAt(index)} index={index} product={table.rowAt(index)} />
                ))}
                <Space height={(count - 1 - last) * HEIGHT} />
              </tbody>
            </table>
          </section>
          {table.error !== undefined && (
            <Text as="p" size="2" color="red" role="alert">
              {String((table.error as Error).message)}{" "}
              <Button size="1" variant="soft" onClick={table.retry}>
                Try again
              </Button>
            </Text>
          )}
        </Flex>
      </section>
    </Card>
  );
}

/** Renders again when the product has changed. */
const ProductRow = memo(function ProductRow({ index, product }: { index: number; product: Product | undefined }) {
  return (
    <tr aria-rowindex={index + 2}>
      <td>{product?.name ?? "…"}</td>
      <td>{product?.shelf}</td>
      <td>{product && <Price product={product} />}</td>
    </tr>
  );
});

function Price({ product: { id, name, price } }: { product: Product }) {
  const { setPrice } = useStock();
  const field = useField(price, (next: number) => setPrice(id, next));
  return (
    <TextField.Root
      {...field}
      type="number"
      min="0"
      step="0.01"
      className={styles.price}
      aria-label={`Price of ${name}`}
      aria-invalid={field.error !== undefined}
      title={field.error?.message}
    />
  );
}

/** The place of the rows that are not in the page. */
const Space = ({ height }: { height: number }) =>
  height > 0 && (
    <tr aria-hidden>
      <td colSpan={COLUMNS.length} style={{ height, padding: 0 }} />
    </tr>
  );

/** The people who have the table open. */
function Viewers() {
  const people = useStock(({ guests }) => eachOnce(guests, ({ person }) => person));
  return <People people={people} />;
}
