/** What a child process does for its parent, by name. */
export type Tasks = Record<string, (input: any) => unknown>;

/** What a parent sends. */
export interface Asked {
  readonly id: number;
  readonly task: string;
  readonly input: unknown;
}

/** Answers the parent process until it lets go. */
export function answer(tasks: Tasks): void {
  process.on("message", async ({ id, task, input }: Asked) => {
    try {
      process.send?.({ id, result: await tasks[task]?.(input) });
    } catch (error) {
      process.send?.({ id, error: String((error as Error).stack ?? error) });
    }
  });
  // A proper end, so that a profile is written.
  process.on("disconnect", () => process.exit(0));
}

/** Microseconds on a clock that all processes share. */
export const now = (): number => Number(process.hrtime.bigint() / 1000n);

/** What every server tells of itself. */
export const measures: Tasks = {
  /** Microseconds of CPU so far. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  /** Heap bytes in use, and those beside the heap that it holds. */
  async heap() {
    for (let i = 0; i < 4; i++) {
      (globalThis as { gc?: () => void }).gc?.();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return { heap: heapUsed, buffers: arrayBuffers };
  },
};
