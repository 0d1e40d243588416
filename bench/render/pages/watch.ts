import type { Kind } from "../rows.ts";

/** When the page's content had changed, and when that was painted: in ms since 1970. */
export interface Seen {
  readonly changed: number;
  readonly painted: number;
}

const now = () => performance.timeOrigin + performance.now();
const rows = () => document.getElementsByTagName("li");
const titleAt = (i: number) => rows()[i]?.children[1]?.textContent;

/** Whether an op of a kind is shown, to be asked after each change. */
function expectation(kind: Kind): () => boolean {
  const count = rows().length;
  const changesAt = (i: number) => {
    const before = titleAt(i);
    return () => titleAt(i) !== before;
  };
  switch (kind) {
    case "change":
      return changesAt(count - 10);
    case "one":
      return changesAt(count >> 1);
    case "swap":
      return changesAt(count - 2);
    case "remove":
      return () => rows().length === count - 1;
    case "append":
      return () => rows().length === count * 2;
    case "clear":
      return () => rows().length === 0;
    default:
      return kind satisfies never;
  }
}

let seen: Promise<Seen> | undefined;

Object.assign(window, {
  /** Waits from now on for an op. */
  expectOp(kind: Kind) {
    const shown = expectation(kind);
    seen = new Promise((resolve, reject) => {
      setTimeout(reject, 20_000, new Error(`${kind} is not shown`));
      const observer = new MutationObserver(() => {
        if (!shown()) return;
        observer.disconnect();
        const changed = now();
        // A message that is posted before a frame is painted comes after it.
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => resolve({ changed, painted: now() });
          port2.postMessage(undefined);
        });
      });
      observer.observe(document.body, { childList: true, subtree: true, characterData: true });
    });
  },
  seenOp: () => seen,
  titles: () => [...rows()].map(({ children }) => children[1]?.textContent),
});
