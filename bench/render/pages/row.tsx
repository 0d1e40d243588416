import type { ReactNode } from "react";
import type { Row } from "../rows.ts";

/** What all peers show of a row. */
export const cells = ({ id, title, amount, done }: Readonly<Row>): ReactNode => (
  <li>
    <b>{id}</b>
    <span>{title}</span>
    <i>{amount}</i>
    <i>{done ? "yes" : "no"}</i>
  </li>
);
