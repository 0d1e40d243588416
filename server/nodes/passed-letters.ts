import type { Effect } from "../../lib/wire/protocol.js";
import type { Letter } from "../stream/letters.js";
import type { Streams } from "../stream/streams.js";
import type { Peers } from "./peers.js";

type Sent = readonly [tab: string, effects: readonly (readonly [effect: Effect, client: string | null])[]];

const LETTERS = "letters";
const ARRIVED = "arrived";
const CONFIRMED = "confirmed";

/** Effects for tabs whose streams are at other nodes. The node that has them keeps them until another one has them. */
export class PassedLetters {
  readonly #streams: Streams;
  readonly #peers: Peers;

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
    peers.hear(ARRIVED, (tab, from) => {
      const letters = streams.lettersOf(tab as string);
      if (letters.length > 0 && !streams.has(tab as string)) void this.#pass(from, tab as string, letters);
    });
    peers.hear(CONFIRMED, (data) => streams.confirm(...(data as [tab: string, got: string])));
  }

  /** Sends letters to the node that has a tab's stream, if one has. */
  async send(tab: string, letters: readonly Letter[]): Promise<void> {
    for (const node of await this.#peers.others()) void this.#pass(node, tab, letters);
  }

  async #pass(node: string, tab: string, letters: readonly Letter[]): Promise<void> {
    const sent: Sent = [tab, letters.map(({ client, effect }) => [effect, client ?? null])];
    // A node that is gone has no stream any more: the next one that the tab opens gets them.
    if (await this.#peers.ask(node, LETTERS, sent).catch(() => false)) this.#streams.forget(tab, letters);
  }

  /** A tab has a stream here: other nodes may have letters for it. */
  arrived(tab: string): Promise<void> {
    return this.#peers.tell(ARRIVED, tab);
  }

  /** A tab has got all letters up to one, which another node may have sent. */
  confirm(tab: string, got: string | undefined): Promise<void> {
    return this.#peers.tell(CONFIRMED, [tab, got]);
  }
}
