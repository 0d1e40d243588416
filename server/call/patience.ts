import { taskGoesOn } from "../../lib/errors/task-errors.js";

/** How long the request of a call waits for the end of its task, in ms. */
const PATIENCE = 60_000;

/**
 * Waits for the answer of a call whose event is durable, for a minute: it may take days, and nobody knows whether the client is still there. Then the call is
 * refused, and its client asks again for the same answer.
 */
export async function awaitTask<A>(event: string, answer: Promise<A>): Promise<A> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(taskGoesOn(event)), PATIENCE);
    timer.unref();
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
