/** How a call has ended. */
export type Outcome = { readonly value: unknown } | { readonly error: string };

/** Notes how a call ends. It is among those that are pending until then. */
export function follow(call: { outcome?: Outcome }, answer: PromiseLike<unknown>, pending: Set<Promise<void>>): Promise<void> {
  const end = (outcome: Outcome) => {
    call.outcome = outcome;
    pending.delete(ended);
  };
  const ended: Promise<void> = Promise.resolve(answer).then(
    (value) => end({ value }),
    (error: { code?: string }) => end({ error: String(error.code ?? error) }),
  );
  pending.add(ended);
  return ended;
}
