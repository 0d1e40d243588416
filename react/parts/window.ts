import { useEffect, useLayoutEffect, useState, useSyncExternalStore } from "react";
import { type AskRows, RowWindow, type WindowOptions, type WindowState } from "./row-window.js";

/**
 * A window on a long list that the server has: the page holds the rows in view, and a few around. `ask` is an event that answers `{ rows, count, revision }`
 * for the rows from one index to before another. Tell what is in view by `show`; what has scrolled past is cancelled and forgotten. When `revision` changes,
 * the rows in view are asked for again.
 * @example
 * const rows = useWindow(stock.rows, { query: { filter }, revision: stock.revision });
 * return <p>{rows.count} rows, the first is {rows.rowAt(0)?.name}</p>;
 */
export function useWindow<R, Q>(ask: AskRows<R, Q>, options: WindowOptions<R, Q>): WindowState<R> {
  const [rows] = useState(() => new RowWindow(options));
  const { subscribe, get } = rows.state;
  const state = useSyncExternalStore(subscribe, get, get);
  useLayoutEffect(() => rows.use(ask, options));
  useEffect(() => rows.mount(), [rows]);
  return state;
}
