import { classSchema, hiddenMembers, type VisibleTo } from "../../lib/class/schema.js";
import type { Definition, ModelClass, Models, ScopeKind } from "./scope.js";

/** A field or computed that only some clients see. */
export interface HiddenMember {
  /** `Stats.revenue` */
  readonly label: string;
  readonly visibleTo: VisibleTo;
}

const known = new WeakMap<ReadonlyMap<string, Definition>, Map<ScopeKind, readonly HiddenMember[]>>();

/** What stores of a scope, and instances in them, have of these: once for each predicate. */
export function hiddenIn(definitions: ReadonlyMap<string, Definition>, models: Models, kind: ScopeKind): readonly HiddenMember[] {
  let ofKind = known.get(definitions);
  if (!ofKind) known.set(definitions, (ofKind = new Map()));
  let members = ofKind.get(kind);
  if (!members) {
    const stores = [...definitions.values()].filter((one) => one.kind === kind);
    members = distinct([...stores.map(({ Class }) => Class), ...(stores.length > 0 ? Object.values(models) : [])]);
    ofKind.set(kind, members);
  }
  return members;
}

function distinct(classes: readonly ModelClass[]): readonly HiddenMember[] {
  const found = new Map<VisibleTo, HiddenMember>();
  for (const Class of classes) {
    const { fields, computeds } = hiddenMembers(classSchema(Class));
    for (const { name, visibleTo } of [...fields, ...computeds])
      if (visibleTo && !found.has(visibleTo)) found.set(visibleTo, { label: `${Class.name}.${name}`, visibleTo });
  }
  return [...found.values()];
}
