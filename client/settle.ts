/**
 * Waits for a call as one who may be gone when it ends: `failed` says whether it took the error. What it did not take goes where errors go that
 * nobody awaits.
 */
export function settle<T>(call: PromiseLike<T>, done: (value: T) => void, failed: (error: unknown) => boolean): void {
  // The call's own `then` would mark it as awaited.
  const then = call instanceof Promise ? Promise.prototype.then : call.then;
  then.call(call, done as (value: unknown) => void, (error: unknown) => {
    if (failed(error)) call.then(null, () => {});
  });
}
