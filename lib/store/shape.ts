import { protectMethods } from "../class/methods.js";
import { type ComputedSchema, classSchema, hiddenMembers, keptFields, presenceFields, taskFields, visibleComputeds, visibleFields } from "../class/schema.js";

type Names = readonly string[];
type ShownNames = Pick<Shape, "visibleFields" | "visibleNames">;

/** The names that an audience sees of a class: those in its channel, and those in the volatile one beside it. */
interface Parts {
  readonly lasting: Names;
  readonly volatile: Names;
}

const NOTHING: Names = [];

/** The computeds that have turned volatile in some store. They are volatile in all later ones: a store that comes back shows them as it did. */
const turned = new WeakSet<ComputedSchema>();

/** The parts of a class that a graph uses. */
export class Shape {
  /** The registered name of the class; `""` for the store's own class. */
  readonly name: string;
  readonly Class: new () => object;
  /** All `@state` fields. */
  readonly fields: Names;
  /** The fields that clients see. */
  readonly visibleFields: Names;
  /** The fields that the storage keeps. */
  readonly persistedFields: Names;
  /** The lists that the server alone writes: of who is here, and of durable events. */
  readonly serverLists: Names;
  /** All computeds, those with `visibleTo` too. */
  readonly computeds: readonly ComputedSchema[];
  /** The fields that clients see, and the computeds. */
  readonly visibleNames: Names;
  /** What only some clients see, where there is any. */
  readonly hidden: HiddenMembers | undefined;
  /** All names that some client may see. */
  readonly sharedNames: Names;
  /** The members that are volatile, where there are any: the fields that are not stored, and the computeds of which that has been found. */
  #volatile: Set<string> | undefined;
  /** The names that audiences see, in two parts. */
  #parts: Map<Names, Parts> | undefined;
  /** The computeds that have been evaluated and were not volatile. */
  #ordinary: Set<string> | undefined;
  #noted: readonly ComputedSchema[] | undefined;

  constructor(name: string, Class: new () => object) {
    const schema = classSchema(Class);
    protectMethods(Class);
    const hidden = hiddenMembers(schema);
    this.name = name;
    this.Class = Class;
    this.fields = [...schema.fields.keys()];
    this.visibleFields = visibleFields(schema);
    this.persistedFields = keptFields(schema);
    this.serverLists = [...presenceFields(schema), ...taskFields(schema)].map((one) => one.name);
    this.computeds = [...schema.computeds.values()];
    this.visibleNames = [...this.visibleFields, ...visibleComputeds(schema).map((one) => one.name)];
    this.sharedNames = [...this.visibleNames, ...[...hidden.fields, ...hidden.computeds].map((one) => one.name)];
    this.hidden = hidden.fields.length + hidden.computeds.length > 0 ? new HiddenMembers(this, hidden) : undefined;
    const names = this.computeds.filter((one) => turned.has(one)).map((one) => one.name);
    for (const field of this.fields) if (!this.persistedFields.includes(field)) names.push(field);
    if (names.length > 0) this.#volatile = new Set(names);
  }

  /** Some of the members are volatile. */
  get changeable(): boolean {
    return this.#volatile !== undefined;
  }

  isVolatile(name: unknown): boolean {
    return this.#volatile?.has(name as string) ?? false;
  }

  /** Takes a computed for volatile from now on. `true`: it has been an ordinary one, as clients may know it. */
  turnVolatile(computed: string): boolean {
    if (this.isVolatile(computed)) return false;
    this.#volatile ??= new Set();
    this.#volatile.add(computed);
    this.#parts = undefined;
    for (const one of this.computeds) if (one.name === computed) turned.add(one);
    return this.#ordinary?.has(computed) ?? false;
  }

  /** Notes computeds that have been evaluated. */
  noteEvaluated(computeds: readonly ComputedSchema[]): void {
    if (this.#noted === computeds) return;
    this.#noted = computeds;
    this.#ordinary ??= new Set();
    for (const { name } of computeds) if (!this.isVolatile(name)) this.#ordinary.add(name);
  }

  /** Some names that an audience sees, in two parts. */
  partsOf(names: Names): Parts {
    if (!this.#volatile) return { lasting: names, volatile: NOTHING };
    let parts = this.#parts?.get(names);
    if (!parts) {
      parts = { lasting: names.filter((name) => !this.isVolatile(name)), volatile: names.filter((name) => this.isVolatile(name)) };
      this.#parts ??= new Map();
      this.#parts.set(names, parts);
    }
    return parts;
  }
}

/** The members of a class that have a `visibleTo`. */
class HiddenMembers {
  readonly #shape: ShownNames;
  readonly #schema: ReturnType<typeof hiddenMembers>;
  readonly #names = new WeakMap<ReadonlySet<unknown>, { readonly fields: Names; readonly all: Names }>();

  constructor(shape: ShownNames, schema: ReturnType<typeof hiddenMembers>) {
    this.#shape = shape;
    this.#schema = schema;
  }

  get fieldNames(): Names {
    return this.#schema.fields.map(({ name }) => name);
  }

  /** The names that clients see for whom these predicates are true: the fields, and all. */
  namesFor(predicates: ReadonlySet<unknown>): { readonly fields: Names; readonly all: Names } {
    let names = this.#names.get(predicates);
    if (!names) {
      const seen = (members: Iterable<{ name: string; visibleTo?: unknown }>) =>
        [...members].filter(({ visibleTo }) => predicates.has(visibleTo)).map(({ name }) => name);
      const fields = seen(this.#schema.fields);
      const computeds = seen(this.#schema.computeds);
      names = { fields: [...this.#shape.visibleFields, ...fields], all: [...this.#shape.visibleNames, ...fields, ...computeds] };
      this.#names.set(predicates, names);
    }
    return names;
  }
}
