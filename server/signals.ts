import { constants } from "node:os";

type Close = () => Promise<unknown>;

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

// Next evaluates this module in several module graphs of one process: all share one listener.
const CLOSERS = Symbol.for("twinstate.signals");

/** The twins that a signal closes. */
interface Closers extends Set<Close> {
  /** Removes the listeners of the process. */
  stop?: () => void;
}

/**
 * Closes a twin when the process is asked to end. Next waits for open streams without end, which `close` ends. The process listens as long as it has such a
 * twin. Gives what removes the twin.
 */
export function closeOnSignal(close: Close): () => void {
  const shared = globalThis as unknown as { [CLOSERS]?: Closers };
  shared[CLOSERS] ??= new Set();
  const closers = shared[CLOSERS];
  closers.add(close);
  closers.stop ??= listen(closers);
  return () => {
    closers.delete(close);
    if (closers.size === 0) stop(closers);
  };
}

function listen(closers: Closers): () => void {
  const listener = (signal: NodeJS.Signals) => void closeAll(closers, signal, process.listeners(signal).length > 1);
  // Ours comes first: listeners that hear one signal alone are gone once they have run, and would not be found.
  for (const signal of SIGNALS) process.prependListener(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}

/** Closes all twins. Where others listen to the signal, ending the process is up to them. Where nobody does, the signal ends it, as if we had not listened. */
async function closeAll(closers: Closers, signal: NodeJS.Signals, others: boolean): Promise<void> {
  const closing = [...closers];
  closers.clear();
  // A second signal finds no listener of ours, so it ends at once a process that takes too long.
  stop(closers);
  await Promise.allSettled(closing.map((close) => close()));
  if (others) return;
  // A signal that nobody listens to does not end the first process of a container.
  if (process.pid === 1) process.exit(128 + constants.signals[signal]);
  process.kill(process.pid, signal);
}

function stop(closers: Closers): void {
  closers.stop?.();
  delete closers.stop;
}
