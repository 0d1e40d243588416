/** Reads ahead of a slow reader, and gives together all that has come since: each once, in its order. Who leaves the loop ends the source. */
export async function* gather<T>(source: AsyncGenerator<T>): AsyncGenerator<T[]> {
  let ready: T[] = [];
  let wake = () => {};
  let end: { error?: unknown } | undefined;
  void (async () => {
    try {
      for await (const item of source) {
        ready.push(item);
        wake();
      }
      end = {};
    } catch (error) {
      end = { error };
    }
    wake();
  })();
  try {
    for (;;) {
      if (ready.length > 0) {
        const all = ready;
        ready = [];
        yield all;
      } else if (!end) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if ("error" in end) throw end.error;
      else return;
    }
  } finally {
    // Not awaited: a source that waits for something ends after that.
    source.return(undefined).catch(() => {});
  }
}
