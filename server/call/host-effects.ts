import type { EventEffects } from "../../lib/event/current.js";
import { AnswerWriter } from "../../lib/store/answer-writer.js";
import type { Effect } from "../../lib/wire/protocol.js";
import { encodeValue } from "../../lib/wire/value-codec.js";
import { sentArguments } from "../host/effect-arguments.js";
import type { Host } from "../host/host.js";
import { plainOf } from "../wire/plain-values.js";

type Effects = EventEffects["everyone"];
/** The effects of server code in the browsers of all who watch. */
export type HostEffects = { readonly [K in keyof Effects]: Effects[K] extends (...args: infer A) => unknown ? (...args: A) => Promise<void> : never };

/** The effects on a host. `on`: has one act there. */
export function effectsOn(on: (effect: Effect) => Promise<void>): HostEffects {
  return new Proxy(Object.create(null), {
    get: (_, name) => {
      if (typeof name === "symbol" || name === "then" || name === "toJSON") return undefined;
      return async (...args: unknown[]) => {
        const effect: Effect = [name, encodeValue(plainOf(await sentArguments(name, args)), new AnswerWriter())];
        await on(effect);
      };
    },
  });
}

/** Lets an effect act in its turn. It has a revision, so a client that resumes gets it once. */
export async function act(host: Host, effect: Effect): Promise<void> {
  const { commits, queue, turns, watchers } = host;
  await queue.run(() => {
    if (turns.broken) throw turns.broken;
    if (watchers.size > 0) commits.step([], (revision) => watchers.publish({ revision, deltas: [], effects: [effect] }));
  });
  await commits.settled();
}
