import fc from "fast-check";
import type { Fault, KillPoint } from "twinstate/testing";

/** Steps of random scripts that kill the server, and that wait: from a moment to a minute. */
export const killOrWait = [
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant("kill" as const),
      at: fc.constantFrom<KillPoint | undefined>(undefined, "append", "appended", "frame", "answer"),
    }),
  },
  { weight: 7, arbitrary: fc.record({ does: fc.constant("wait" as const), ms: fc.constantFrom(1, 3, 10, 30, 300, 3000, 60_000) }) },
] as const;

/** On what a random script runs. */
export const conditions = {
  seed: fc.nat(1_000_000),
  storage: fc.constantFrom("lasting" as const, "memory" as const),
  transport: fc.constantFrom("sse" as const, "websocket" as const),
  bounds: fc.constantFrom<{ maxLog?: number; maxQueued?: number }>({}, {}, { maxLog: 300 }, { maxQueued: 300 }),
};

/** A step of a random script that troubles the network or the server, and calls nothing. */
export type Trouble<Name> =
  | { readonly does: "next"; readonly who: Name; readonly fault: Fault }
  | { readonly does: Line; readonly who: Name }
  | { readonly does: "kill"; readonly at: KillPoint | undefined }
  | { readonly does: "wait"; readonly ms: number };
type Line = "cut" | "break" | "mute" | "stall" | "heal";

/** A net of `pair()`, as far as its troubles go. */
type Troubled<Client> = { readonly [L in Line]: (client: Client) => void } & {
  next(client: Client, fault: Fault): void;
  kill(at?: KillPoint): void;
  wait(ms: number): Promise<void>;
};

/** Does such a step at once, but for one that waits: that is a promise. */
export function trouble<Name extends string, Client>(net: Troubled<Client>, tabs: Readonly<Record<Name, Client>>, step: Trouble<Name>): Promise<void> | void {
  switch (step.does) {
    case "next":
      return net.next(tabs[step.who], step.fault);
    case "kill":
      return net.kill(step.at);
    case "wait":
      return net.wait(step.ms);
    default:
      return net[step.does](tabs[step.who]);
  }
}
