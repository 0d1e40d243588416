import type { Interrupted } from "../../lib/class/lifecycle.js";
import { decodeValue } from "../../lib/wire/value-codec.js";
import { hasHook, runHook } from "../definition/lifecycle.js";
import type { BegunCall, EventRecord, HostRecord } from "../storage/records.js";
import type { CommittingEvent } from "./commits.js";
import { SERVER } from "./context.js";
import type { Host } from "./host.js";
import { SentMessages } from "./sent-messages.js";

/** An event that the end of an earlier process has cut off after its first commit. */
interface CutOffEvent {
  readonly record: EventRecord;
  readonly call: BegunCall;
  /** Resolves with its answer, once that is stored. */
  readonly answer: Promise<unknown>;
  answered(answer: unknown): void;
}

/** The events of a loaded host that an earlier process has cut off: `onInterrupted` of their stores is told of each, before any other event runs. */
export class Interruptions {
  readonly #host: Host;
  readonly #cutOff: CutOffEvent[] = [];

  /** Makes them of the numbers of a record. Hardly any has some. */
  static of(host: Host, numbers: HostRecord["numbers"] = {}): Interruptions | undefined {
    for (const { calls } of Object.values(numbers)) if (calls) return new Interruptions(host, numbers);
    return undefined;
  }

  private constructor(host: Host, numbers: HostRecord["numbers"]) {
    this.#host = host;
    for (const [client, { seen, calls = [] }] of Object.entries(numbers)) {
      for (const [n, call] of calls) {
        let answered: CutOffEvent["answered"] = () => {};
        const answer = new Promise((resolve) => {
          answered = resolve;
        });
        this.#cutOff.push({ record: { client, n, confirmed: 0, at: seen }, call, answer, answered });
      }
    }
  }

  /** The answer of an event, if its store is to be told first. */
  answer(client: string, n: number): Promise<unknown> | undefined {
    return this.#cutOff.find(({ record }) => record.client === client && record.n === n)?.answer;
  }

  /** Runs the hooks, in the order of the events. They have entered the queue when this returns. */
  run(): void {
    for (const event of this.#cutOff.splice(0).sort((a, b) => a.record.at - b.record.at)) void this.#end(event);
  }

  /** Ends one event: by its hook, whose commit has the event's answer, or without it. */
  async #end({ record, call, answered }: CutOffEvent): Promise<void> {
    const { commits, eventNumbers, queue, turns, world } = this.#host;
    const own = record.client.startsWith("event/");
    const messages = new SentMessages(`${call.id} interrupted`);
    const event: CommittingEvent = { messages, ...(!own && { numbered: record }) };
    commits.resume(event, record);
    let answer = world.interrupted(commits.revision);
    try {
      await queue.run(() => this.#tell(event, record, call, () => (answer = world.interrupted(commits.revision))));
    } catch (error) {
      if (!turns.broken) world.report("error", error);
      // What could not even be loaded is tried again with the next load.
      if (this.#host.shelf.live.has(call.store) && !turns.broken) commits.fail(event, answer);
    }
    await commits.settled().then(
      () => messages.forget(),
      () => {},
    );
    if (own) eventNumbers.drop(record.client);
    answered(answer);
  }

  async #tell(event: CommittingEvent, { at }: EventRecord, { store, id, event: name, args }: BegunCall, end: () => unknown): Promise<void> {
    const { commits, loader, shelf, turns, world } = this.#host;
    const definition = world.definitions.get(store);
    // A class that has lost its hook is as one that never had it.
    if (!definition || !hasHook(definition, "onInterrupted")) return commits.fail(event, end());
    const told: Interrupted = { event: name, args: args && (decodeValue(args) as unknown[]), eventId: id, at: new Date(at) };
    const messages = event.messages as SentMessages;
    await turns.take(`${store}.onInterrupted`, { caller: SERVER, eventId: `${id} interrupted`, messages }, async (turn) => {
      const entry = shelf.live.get(store) ?? (await loader.openIn(turn, store));
      await commits.make(turn);
      await runHook(entry.store, "onInterrupted", told);
      await commits.make(turn, event, end);
    });
  }
}
