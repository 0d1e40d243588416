import type { Effect } from "../../lib/wire/protocol.js";
import type { Letter } from "../stream/letters.js";
import type { Streams } from "../stream/streams.js";
import type { Peers } from "./peers.js";

type Sent = readonly [tab: string, effects: readonly (readonly [effect: Effect, client: string | null])[]];

type Arrived = readonly [tab: string, client: string | null, epoch: number];

const LETTERS = "letters";
const ARRIVED = "arrived";
const CONFIRMED = "confirmed";

/** Effects for tabs whose streams are at other nodes. The node that has them keeps them until another one has them. */
export class PassedLetters {
  readonly #streams: Streams;
  readonly #peers: Peers;
  /** The nodes that are asked to take a letter. */
  readonly #underWay = new WeakMap<Letter, Set<string>>();

  constructor(streams: Streams, peers: Peers) {
    this.#streams = streams;
    this.#peers = peers;
    peers.serve(LETTERS, async ({ data }) => {
      const [tab, effects] = data as Sent;
      return streams.take(
        tab,
        effects.map(([effect, client]) => [effect, client ?? undefined]),
      );
    });
    peers.hear(ARRIVED, (data, from) => {
      const [tab, client, epoch] = data as Arrived;
      streams.supersede(client, epoch);
      const letters = streams.lettersOf(tab);
      if (letters.length > 0 && !streams.has(tab)) void this.#pass(from, tab, letters);
    });
    peers.hear(CONFIRMED, (data) => streams.confirm(...(data as [tab: string, got: string])));
  }

  /** Sends letters to the node that has a tab's stream, if one has. */
  async send(tab: string, letters: readonly Letter[]): Promise<void> {
    for (const node of await this.#peers.others()) void this.#pass(node, tab, letters);
  }

  /** Passes letters on, each once at a time. */
  async #pass(node: string, tab: string, all: readonly Letter[]): Promise<void> {
    const letters = all.filter((letter) => !this.#underWay.get(letter)?.has(node));
    if (letters.length === 0) return;
    for (const letter of letters) this.#underWay.set(letter, new Set([...(this.#underWay.get(letter) ?? []), node]));
    const sent: Sent = [tab, letters.map(({ client, effect }) => [effect, client ?? null])];
    // A node that is gone has no stream any more: the next one that the tab opens gets them.
    if (await this.#peers.ask(node, LETTERS, sent).catch(() => false)) return this.#streams.forget(tab, letters);
    for (const letter of letters) this.#underWay.get(letter)?.delete(node);
  }

  /** A tab has a stream here: other nodes may have letters for it, and an earlier stream of the same client whose end they have not noticed. */
  arrived(tab: string, client: string | undefined, epoch: number): Promise<void> {
    return this.#peers.tell(ARRIVED, [tab, client ?? null, epoch] satisfies Arrived);
  }

  /** A tab has got all letters up to one, which another node may have sent. */
  confirm(tab: string, got: string | undefined): Promise<void> {
    return this.#peers.tell(CONFIRMED, [tab, got]);
  }
}
