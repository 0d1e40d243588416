import type { CalledEffect, Caller, Deliver, Turn } from "./context.js";
import type { Host } from "./host.js";
import type { SentMessages } from "./sent-messages.js";

/** What a turn begins with. */
interface Beginning extends Pick<Turn, "caller" | "control" | "current" | "host" | "label"> {
  readonly deliver: Deliver | undefined;
  readonly messages: SentMessages | undefined;
  readonly newId: (() => string) | undefined;
}

/**
 * The turn of an event or a hook. A class: for each object with a getter of its own V8 makes a hidden class, which keeps the call and all that it holds until
 * the old generation is collected.
 */
export class EventTurn implements Turn {
  readonly host: Host;
  readonly label: string;
  readonly caller: Caller;
  readonly control: AbortController;
  readonly current: object;
  readonly deliver: Deliver | undefined;
  readonly messages: SentMessages | undefined;
  newId: (() => string) | undefined;
  readonly at: number = Date.now();
  readonly waitsFor: Set<string> = new Set();
  effects: CalledEffect[] = [];
  open = true;
  done = false;
  guard = false;
  /** The end, which the steps of a durable event share: they inherit from its turn. An error is costly to make, and hardly ever asked for. */
  readonly ending: { why: (() => Error) | undefined } = { why: undefined };

  constructor({ host, label, caller, control, current, deliver, messages, newId }: Beginning) {
    this.host = host;
    this.label = label;
    this.caller = caller;
    this.control = control;
    this.current = current;
    this.deliver = deliver;
    this.messages = messages;
    this.newId = newId;
  }

  get ended(): Error | undefined {
    return this.ending.why?.();
  }

  end(why: () => Error): void {
    this.ending.why ??= why;
  }
}
