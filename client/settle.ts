/**
 * Waits for a call as one who may be gone when it ends: `failed` says whether it took the error. What it did not take goes where errors go that
 * nobody awaits.
 */
export function settle<T>(call: PromiseLike<T>, done: (value: T) => void, failed: (error: unknown) => boolean): void {
  // Past the call's own `then`, which would count as somebody who awaits it.
  const then = call instanceof Promise ? Promise.prototype.then : call.then;
  then.call(call, done as (value: unknown) => void, (error: unknown) => {
    if (failed(error)) call.then(null, () => {});
  });
}
