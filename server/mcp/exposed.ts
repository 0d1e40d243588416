import { type ListedEvent, listEvents } from "../definition/event-list.js";
import { inputSchemaOf, type ObjectSchema } from "../definition/input-schema.js";
import { type Definition, labelOf } from "../definition/scope.js";
import type { McpOptions } from "./index.js";

interface Tool extends ListedEvent {
  readonly inputSchema: ObjectSchema;
}

interface Found {
  readonly stores: ReadonlyMap<string, Definition>;
  readonly tools: ReadonlyMap<string, Tool>;
}

/** What agents get of a twin: its stores, and its events as tools by name. */
export class Exposed {
  readonly #definitions: () => ReadonlyMap<string, Definition>;
  readonly #exposes: (name: string) => boolean;
  /** What was found in these definitions. Hot reload makes others. */
  #found: (Found & { readonly of: ReadonlyMap<string, Definition> }) | undefined;

  constructor(definitions: () => ReadonlyMap<string, Definition>, { expose = () => true }: McpOptions) {
    this.#definitions = definitions;
    this.#exposes = expose;
  }

  get stores(): Found["stores"] {
    return this.#find().stores;
  }

  get tools(): Found["tools"] {
    return this.#find().tools;
  }

  #find(): Found {
    const of = this.#definitions();
    if (this.#found?.of === of) return this.#found;
    const stores = new Map([...of].filter(([store]) => this.#exposes(store)));
    const events = listEvents(stores).filter(({ owner, event }) => this.#exposes(labelOf(owner, event)));
    const tools = new Map(events.map((one) => [one.name, { ...one, inputSchema: inputSchemaOf(one.definition, one.owner, one.event) }]));
    this.#found = { of, stores, tools };
    return this.#found;
  }
}
