import type { OutboxWorld } from "./outbox.js";

/** How many bytes browsers send for a page that is gone: 64 kB, with the heads. */
const MOST_BYTES = 60_000;
/** How many calls go with one such request: its address names them all. */
const MOST_CALLS = 20;

/** Posts calls by requests that outlive the page. What is more than browsers take goes by requests that may get lost. tRPC's would begin too late. */
export function postKept({ url, get }: Pick<OutboxWorld, "url" | "get">, calls: Iterable<readonly [path: string, input: object]>): void {
  let room = MOST_BYTES;
  let batch: (readonly [path: string, input: string])[] = [];
  const post = (keepalive: boolean) => {
    const body = `{${batch.map(([, input], i) => `"${i}":${input}`)}}`;
    const headers = { "content-type": "application/json", "trpc-accept": "application/jsonl" };
    const paths = batch.map(([path]) => path);
    batch = [];
    if (paths.length > 0) get(`${url}/${paths}?batch=1`, { method: "POST", body, headers, keepalive }).catch(() => {});
  };
  for (const [path, input] of calls) {
    const text = JSON.stringify(input);
    const before = room;
    room -= new Blob([text]).size + 10;
    if (batch.length === MOST_CALLS || (before > 0 && room < 0)) post(before > 0);
    batch.push([path, text]);
  }
  post(room > 0);
}
