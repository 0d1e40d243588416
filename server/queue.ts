/** Runs tasks one at a time, in order. A task that throws rejects its own caller only. */
export interface Queue {
  run<T>(task: () => T | Promise<T>): Promise<T>;
  /** How many tasks run or wait. */
  readonly size: number;
}

export function createQueue(): Queue {
  let tail: Promise<unknown> = Promise.resolve();
  let size = 0;
  const leave = () => void size--;
  return {
    get size() {
      return size;
    },
    run<T>(task: () => T | Promise<T>): Promise<T> {
      size++;
      const result = tail.then(task);
      tail = result.then(leave, leave);
      return result;
    },
  };
}
