// placeholder until the decorators' schema lands
export interface ComputedSchema { readonly name: string; readonly visibleTo?: unknown; get(this: object): unknown }
export interface FieldSchema { readonly name: string; readonly private: boolean; readonly visibleTo?: unknown }
export interface ClassSchema { readonly fields: ReadonlyMap<string, FieldSchema>; readonly computeds: ReadonlyMap<string, ComputedSchema>; readonly events: ReadonlyMap<string, unknown> }
const KEY = Symbol.for("twinstate.test");
export function classSchema(Class: Function): ClassSchema { return (Class as any)[KEY] ?? { fields: new Map(), computeds: new Map(), events: new Map() }; }
