import { AsyncLocalStorage } from "node:async_hooks";
import { badTags, tagsFailed } from "../../lib/errors/server-code-errors.js";
import { labelOf } from "../definition/scope.js";
import { runApart, type Turn } from "./context.js";
import type { EventCall } from "./event-runner.js";
import type { World } from "./world.js";

/** An event whose commits make cached pages old. `revalidating` resolves when they are revalidated. */
export type Revalidating = Partial<Pick<EventCall<unknown>, "owner" | "event" | "args" | "revalidating">>;

/**
 * Finds the tags of cached pages that a commit of an event makes old, as of this commit. The returned function has them revalidated, in the caller's own
 * context, once the commit is stored. The event's answer waits for that.
 */
export function revalidation(turn: Turn, call: Revalidating | undefined, world: Pick<World, "report" | "revalidate">): (() => void) | undefined {
  if (!call) return undefined;
  const tags = tagsOf(turn, call, world);
  if (!tags?.length) return undefined;
  return AsyncLocalStorage.bind(() => {
    call.revalidating = Promise.all([call.revalidating, runApart(() => world.revalidate(turn.label, tags))]);
  });
}

function tagsOf(turn: Turn, { event, owner, args = [] }: Revalidating, { report }: Pick<World, "report">): readonly string[] | undefined {
  if (!event?.revalidate || !owner) return undefined;
  const label = labelOf(owner, event);
  const { revalidate } = event;
  const { open } = turn;
  turn.open = false;
  try {
    const tags: unknown = typeof revalidate === "function" ? revalidate(turn.subject as never, ...(args as never[])) : revalidate;
    if (Array.isArray(tags) && tags.every((tag) => typeof tag === "string" && tag !== "")) return [...new Set(tags)];
    report("error", badTags(label, tags));
  } catch (error) {
    // The commit is made: what its tags are does not undo it.
    report("error", tagsFailed(label, error));
  } finally {
    turn.open = open;
  }
  return undefined;
}
