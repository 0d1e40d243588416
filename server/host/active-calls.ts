import type { EventSchema } from "../../lib/class/schema.js";
import { cancelled, dropped, superseded } from "../../lib/errors/errors.js";
import type { InstanceRef } from "../../lib/wire/protocol.js";
import type { Caller } from "./context.js";

/** A call as queue policies see it. */
interface PolicedCall {
  readonly event: Pick<EventSchema, "queue" | "per">;
  readonly caller: Caller;
  readonly control: AbortController;
  /** The instance, if its class has the event. */
  readonly on?: InstanceRef;
}

/** The calls that a policy compares with each other. */
interface CallGroup {
  /** The event's name in the host: `todo.add`, `todo.Item.toggle`. */
  readonly label: string;
  readonly controls: Set<AbortController>;
}

/** The calls that wait or run on a host, for queue policies and for `current().cancel()`. */
export class ActiveCalls {
  readonly #groups = new Map<string, CallGroup>();

  /**
   * Adds a call, until the returned function is called. The policy of its event is applied to the calls that are there already.
   * @throws EventError `DROPPED`
   */
  enter(label: string, call: PolicedCall): () => void {
    const key = groupKey(label, call);
    const group = this.#groups.get(key) ?? { label, controls: new Set() };
    const { controls } = group;
    const { queue } = call.event;
    switch (queue) {
      case "serial":
        break;
      case "latest":
        for (const other of controls) other.abort(superseded(label));
        controls.clear();
        break;
      case "drop":
        if (controls.size > 0) throw dropped(label);
        break;
      default:
        queue satisfies never;
    }
    this.#groups.set(key, group);
    controls.add(call.control);
    return () => {
      controls.delete(call.control);
      if (controls.size === 0 && this.#groups.get(key) === group) this.#groups.delete(key);
    };
  }

  /** Cancels the calls of events, whoever made them, but not the call that asks for it. Returns how many. */
  cancel(labels: readonly string[], asking: AbortController): number {
    let count = 0;
    for (const { label, controls } of this.#groups.values()) {
      if (!labels.includes(label)) continue;
      for (const control of controls) {
        if (control === asking || control.signal.aborted) continue;
        control.abort(cancelled());
        count++;
      }
    }
    return count;
  }
}

/** Names the calls that are compared: of one event and instance, and of one caller unless the event looks at everybody's. */
function groupKey(label: string, { event, caller, on }: PolicedCall): string {
  const target = on ? `${label} ${on[2]}` : label;
  return event.queue === "serial" || event.per === "instance" ? target : `${target} ${callerKey(caller)}`;
}

/** Names a caller: a tab, else a session, else server code. */
function callerKey({ connection, session }: Caller): string {
  if (connection) return `tab ${connection.id}`;
  return session ? `session ${session.id}` : "server";
}
