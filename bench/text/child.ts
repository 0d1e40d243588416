// What a peer's own process does.
import { answer } from "../live/tasks.ts";
import { peers } from "./peers.ts";
import { bytesOf, MESSAGES, makeMessages, type Peer, tokens, type Wire } from "./workload.ts";

const LAST = MESSAGES - 1;

/** This thread's own time: see `table/worker.ts`. */
function cpu(): number {
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

export interface Cost {
  readonly produce: number;
  readonly apply: number;
}

const KINDS = ["say", "insert", "toggle"] as const;
export type Costs = Record<(typeof KINDS)[number], Cost>;

function same(peer: Peer<unknown, unknown>, source: unknown, mirror: unknown, wanted: string): void {
  for (const side of [source, mirror])
    if (peer.text(side, LAST) !== wanted) throw new Error(`A text has ${peer.text(side, LAST).length} characters, and is another one than was said`);
}

answer({
  /** The bytes of 1,000 tokens into the last message. */
  bytes(name: string): number {
    const peer = peers[name] as Peer<unknown, unknown>;
    const source = peer.build(makeMessages(0));
    const mirror = peer.mirror(source);
    let bytes = 0;
    for (const token of tokens) {
      const wire = peer.say(source, LAST, token);
      bytes += bytesOf(wire);
      peer.apply(mirror, wire);
    }
    same(peer, source, mirror, tokens.join(""));
    return bytes;
  },

  /** Microseconds of a change of a long text, and of a toggle in the same list. */
  costs({ peer: name, length, times }: { peer: string; length: number; times: number }): Costs {
    const peer = peers[name] as Peer<unknown, unknown>;
    const source = peer.build(makeMessages(length));
    const mirror = peer.mirror(source);
    let wanted = peer.text(source, LAST);
    const costs = {} as Costs;
    for (const kind of KINDS) {
      const wires: Wire[] = [];
      const begun = cpu();
      for (let i = 0; i < times; i++) {
        if (kind === "toggle") wires.push(peer.toggle(source, (i * 7) % MESSAGES));
        else if (kind === "say") wires.push(peer.say(source, LAST, tokens[i % tokens.length] as string));
        else wires.push(peer.insert(source, LAST, (i * 7919) % length, " word"));
      }
      const produced = cpu();
      for (const wire of wires) peer.apply(mirror, wire);
      costs[kind] = { produce: (produced - begun) / times, apply: (cpu() - produced) / times };
      for (let i = 0; i < times; i++) {
        if (kind === "say") wanted += tokens[i % tokens.length];
        if (kind === "insert") wanted = `${wanted.slice(0, (i * 7919) % length)} word${wanted.slice((i * 7919) % length)}`;
      }
    }
    same(peer, source, mirror, wanted);
    return costs;
  },
});
