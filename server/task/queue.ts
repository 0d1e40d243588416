/** Runs tasks one at a time, in order. A task that throws rejects its own caller only. */
export interface Queue {
  run<T>(task: () => T | Promise<T>): Promise<T>;
  /** How many tasks run or wait. */
  readonly size: number;
}

export const createQueue = (): Queue => new TaskQueue();

// A class, as there are some for each session: an object with getters of its own takes more than twice the memory.
class TaskQueue implements Queue {
  size = 0;
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => T | Promise<T>): Promise<T> {
    this.size++;
    const result = this.#tail.then(task);
    // Made for each task: queues are many, and most of them have none.
    const leave = () => void this.size--;
    this.#tail = result.then(leave, leave);
    return result;
  }
}
