import type { EventSchema } from "../../lib/class/schema.js";
import { type EventPath, nameInStore } from "./event-path.js";
import { type Definition, type EventOwner, labelOf } from "./scope.js";

/** An event that clients may call, as agents and scripts are told of it. */
export interface ListedEvent {
  readonly path: EventPath;
  /** `todo-add`, `todo-Item-toggle`: letters, digits, `_` and `-`, as names of tools and operations may have. */
  readonly name: string;
  readonly definition: Definition;
  readonly owner: EventOwner;
  readonly event: EventSchema;
  readonly description: string;
}

/** Lists the events that clients may call, each under a name of its own. */
export function listEvents(definitions: ReadonlyMap<string, Definition>): ListedEvent[] {
  const listed: ListedEvent[] = [];
  const names = new Set<string>();
  for (const [store, definition] of definitions) {
    const owners = [[undefined, definition] as const, ...definition.models];
    for (const [model, owner] of owners) {
      for (const event of owner.schema.events.values()) {
        if (event.internal) continue;
        const path = { store, model, event: event.name };
        const name = free(
          `${store}-${nameInStore(path)}`.replace(/[^\w-]/g, (sign) => (sign === "." ? "-" : "_")),
          names,
        );
        const description = event.description ?? `Calls \`${labelOf(owner, event)}\`.`;
        listed.push({ path, name, definition, owner, event, description });
      }
    }
  }
  return listed;
}

function free(name: string, taken: Set<string>): string {
  let one = name;
  for (let n = 2; taken.has(one); n++) one = `${name}_${n}`;
  taken.add(one);
  return one;
}
