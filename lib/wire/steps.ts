/** Long work in short steps: whoever runs it may do other things between them. */
export type Steps<R> = Generator<void, R, void>;

/** About how many containers one step handles: a few ms of work. */
export const STEP = 4096;

/** Runs all steps at once. */
export function finish<R>(steps: Steps<R>): R {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
