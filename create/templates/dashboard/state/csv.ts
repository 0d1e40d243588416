import type { Order } from "../db/schema";

/** A cell as spreadsheets take it: quoted, and never a formula. */
const cell = (text: string) => `"${text.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;

export const csvOf = (orders: readonly Order[]) =>
  [
    "id,time,customer,category,amount",
    ...orders.map(({ id, at, customer, category, amount }) => `${id},${at},${cell(customer)},${category},${(amount / 100).toFixed(2)}`),
  ]
    .map((line) => `${line}\r\n`)
    .join("");
