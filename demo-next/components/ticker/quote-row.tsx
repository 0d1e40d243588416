"use client";
import type { View } from "twinstate";
import type { Quote } from "../../state/ticker";
import { useCounted } from "./renders";
import styles from "./ticker.module.css";

export function QuoteRow({ quote: { id, price, change } }: { quote: View<Quote> }) {
  useCounted(id);
  return (
    <li className={styles.quote} data-way={change > 0 ? "up" : change < 0 ? "down" : undefined}>
      <span className={styles.name}>{id}</span>
      {/* Another element for another price: its flash begins anew. */}
      <span key={price} className={change === 0 ? styles.price : `${styles.price} ${styles.flash}`}>
        {price.toFixed(2)}
      </span>
      <span className={styles.change}>
        {change > 0 ? "+" : ""}
        {change.toFixed(2)}%
      </span>
    </li>
  );
}
