/** A client of `pair()`, as far as effects go. */
interface Tab {
  $onEffect(listener: (name: string, args: readonly unknown[]) => void): () => void;
}

/** What the effects of a tab say, in the order in which they take place. */
export function hear(client: Tab): unknown[] {
  const heard: unknown[] = [];
  client.$onEffect((_, [what]) => heard.push(what));
  return heard;
}
