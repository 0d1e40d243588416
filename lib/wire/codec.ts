import { badWire, StateError } from "../errors/errors.js";
import { own, put } from "../graph/node.js";
import { CONTAINERS } from "./bounds.js";
import { STEP, type Steps } from "./steps.js";

/** A value in JSON: PROTOCOL.md §4, "Slots". */
export type Slot = string | number | boolean | null | readonly unknown[];
/** PROTOCOL.md §4, "Bodies". */
export type Group = readonly unknown[];
/** A value that is no part of a store: PROTOCOL.md §5. */
export type Encoded = readonly [Slot] | readonly [Slot, bodies: readonly Group[], audience?: string];
export type WireDelta = readonly unknown[];
export type Snapshot = readonly [names: string[], next: number, ids: number[], bodies: Group[]];

export type BodyKind = "object" | "array" | "map" | "set" | "instance";

/** The slot of the next new container. One object, so that a column of nothing else is seen at once. */
export const NEXT: Slot = [];

const CODES = { object: "o", instance: "c", array: "a", map: "m", set: "s" } as const;

/** Reads containers, be they nodes or plain values. */
export interface Contents<C> {
  kind(container: C): BodyKind;
  data(container: C): unknown;
  /** The names of an object's or instance's properties to send. */
  names(container: C): readonly string[];
  /** An instance's class. */
  className(container: C): string;
  /** Tells whether an array may be shortest as a copy of another one. */
  hasBase?(container: C): boolean;
}

/** Gives a writer the slots and names of containers. */
export interface SlotSource<C> extends Contents<C> {
  slot(value: unknown): Slot;
  /** A name as it is sent. */
  name(name: string): string | number;
  /** The body of such an array, if it is. Called once for each, as it writes slots. */
  from?(container: C): Group | undefined;
}

/** Describes the containers of a queue, which grows while slots are written. */
export function writeBodies<C>(queue: C[], source: SlotSource<C>): Group[] {
  const groups: Group[] = [];
  for (let i = 0; i < queue.length; ) {
    const group = writeBody(queue, i, source, CONTAINERS);
    groups.push(group);
    i += countOf(group);
  }
  return groups;
}

/** How many containers a group describes. */
export const countOf = (group: Group): number => (group[0] === "f" ? 1 : (group[1] as number));

/** Describes the next like containers of a queue, at most `limit` of them. */
export function writeBody<C>(queue: C[], start: number, source: SlotSource<C>, limit: number): Group {
  const first = queue[start] as C;
  const kind = source.kind(first);
  const from = kind === "array" && source.hasBase?.(first) ? source.from?.(first) : undefined;
  return from ?? writeGroup(likeRun(queue, start, source, limit), source);
}

/** Containers that can share a group. */
interface Run<C> {
  kind: BodyKind;
  /** The names of their properties. */
  names: readonly string[];
  all: readonly C[];
}

/** The containers from `start` on that can share a group. */
function likeRun<C>(queue: readonly C[], start: number, source: Contents<C>, limit: number): Run<C> {
  const first = queue[start] as C;
  const kind = source.kind(first);
  const named = kind === "object" || kind === "instance";
  const names = named ? source.names(first) : [];
  const className = kind === "instance" ? source.className(first) : "";
  const most = Math.min(queue.length, start + limit);
  let end = start + 1;
  for (; end < most; end++) {
    const next = queue[end] as C;
    if (source.kind(next) !== kind) break;
    if (named && !sameNames(names, source.names(next))) break;
    if (kind === "instance" && source.className(next) !== className) break;
    if (kind === "array" && source.hasBase?.(next)) break;
  }
  return { kind, names, all: queue.slice(start, end) };
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function writeGroup<C>({ kind, names, all: run }: Run<C>, source: SlotSource<C>): Group {
  switch (kind) {
    case "object":
    case "instance": {
      const group: unknown[] = [CODES[kind], run.length];
      if (kind === "instance") group.push(source.name(source.className(run[0] as C)));
      group.push(names.map((name) => source.name(name)));
      for (const name of names) group.push(propertiesOf(run, name, source));
      return group;
    }
    case "array":
      return [CODES.array, run.length, run.map((one) => (source.data(one) as readonly unknown[]).length), itemsOf(run, source)];
    case "set":
      return [CODES.set, run.length, run.map((one) => (source.data(one) as Set<unknown>).size), column(membersOf(run, source))];
    case "map": {
      const maps = run.map((one) => source.data(one) as Map<unknown, unknown>);
      const keys = column(maps.flatMap((map) => Array.from(map.keys(), (key) => source.slot(key))));
      return [CODES.map, run.length, maps.map((map) => map.size), keys, column(maps.flatMap((map) => Array.from(map.values(), (value) => source.slot(value))))];
    }
    default:
      return kind satisfies never;
  }
}

/** The items of many arrays, one after the other, as slots; 0 when all are new containers. */
function itemsOf<C>(run: readonly C[], source: SlotSource<C>): Slot[] | 0 {
  const slots: Slot[] = [];
  let known = false;
  for (let i = 0; i < run.length; i++) {
    const items = source.data(run[i] as C) as readonly unknown[];
    for (let j = 0; j < items.length; j++) {
      const item = items[j];
      const slot = typeof item === "string" ? item : source.slot(item);
      if (slot !== NEXT) known = true;
      slots.push(slot);
    }
  }
  return known ? slots : compact(slots);
}

/** The slots of one property of many, or 0 when all are new containers. */
function propertiesOf<C>(run: readonly C[], name: string, source: SlotSource<C>): Slot[] | 0 {
  const slots = new Array<Slot>(run.length);
  let known = run.length === 0;
  for (let i = 0; i < run.length; i++) {
    const value = (source.data(run[i] as C) as Record<string, unknown>)[name];
    const slot = typeof value === "string" || typeof value === "boolean" ? value : source.slot(value);
    if (slot !== NEXT) known = true;
    slots[i] = slot;
  }
  return known ? slots : 0;
}

function membersOf<C>(run: readonly C[], source: SlotSource<C>): Slot[] {
  const slots: Slot[] = [];
  for (const one of run) for (const member of source.data(one) as Set<unknown>) slots.push(source.slot(member));
  return slots;
}

const isNext = (slot: unknown) => slot === NEXT;
const column = (slots: Slot[]): Slot[] | 0 => (slots.every(isNext) ? compact(slots) : slots);
/** A column of new containers alone. */
const compact = (slots: Slot[]): Slot[] | 0 => (slots.length > 0 && slots.length <= CONTAINERS ? 0 : slots);

/** Calls back for each value of the next like containers, in the order of their slots. Returns how many containers these are. */
export function* visitBody<C>(queue: C[], start: number, source: Contents<C>, visit: (value: unknown) => void): Steps<number> {
  const { kind, names, all: run } = likeRun(queue, start, source, STEP);
  let done = 0;
  if (kind === "object" || kind === "instance") {
    for (const name of names) {
      for (const one of run) {
        visit((source.data(one) as Record<string, unknown>)[name]);
        if (++done % STEP === 0) yield;
      }
    }
    return run.length;
  }
  for (const one of run) {
    for (const item of kind === "map" ? (source.data(one) as Map<unknown, unknown>).keys() : (source.data(one) as Iterable<unknown>)) {
      visit(item);
      if (++done % STEP === 0) yield;
    }
  }
  if (kind !== "map") return run.length;
  for (const one of run) {
    for (const value of (source.data(one) as Map<unknown, unknown>).values()) {
      visit(value);
      if (++done % STEP === 0) yield;
    }
  }
  return run.length;
}

/** Makes the containers that a reader finds, be they nodes or plain values. */
export interface Sink<C> {
  /** A name as it was sent. */
  name(sent: unknown): string;
  /** The next new container. */
  next(): C;
  /** The value of a slot that refers by number. */
  numbered(id: number): unknown;
  leaf(slot: readonly unknown[]): unknown;
  make(kind: BodyKind, className: string | undefined, names: readonly string[]): C;
  fill(container: C, data: unknown): void;
}

/** The value of a slot. */
export function valueOf<C>(slot: unknown, sink: Sink<C>): unknown {
  if (typeof slot !== "object" || slot === null) return slot;
  if (!Array.isArray(slot)) throw badWire("a value", slot);
  if (slot.length === 0) return sink.next();
  return slot.length === 1 && typeof slot[0] === "number" ? sink.numbered(slot[0]) : sink.leaf(slot);
}

/**
 * Reads a message. What it stumbles over is a fault of the message, whatever it is.
 * @throws StateError
 */
export function understand<R>(what: string, message: unknown, read: () => R): R {
  try {
    return read();
  } catch (error) {
    throw error instanceof StateError ? error : badWire(what, message, error);
  }
}

/** A group with its containers made, waiting to be filled. */
export interface OpenedBodies<C> {
  group: Group;
  kind: BodyKind;
  names: readonly string[];
  made: C[];
}

const KINDS: Readonly<Record<string, BodyKind>> = { o: "object", c: "instance", a: "array", m: "map", s: "set", f: "array" };

/** Makes the containers of all groups, empty. */
export const openBodies = <C>(groups: readonly Group[], sink: Sink<C>): OpenedBodies<C>[] => groups.map((group) => openBody(group, sink));

/** Makes the containers of one group, empty. */
export function openBody<C>(group: Group, sink: Sink<C>): OpenedBodies<C> {
  const kind = own(KINDS, group[0] as string) as BodyKind | undefined;
  if (!kind) throw badWire("a body", group);
  const count = countOf(group);
  // A count beyond it is garbage, not to be believed.
  if (!isCount(count) || count > CONTAINERS) throw badWire("a count", count);
  const className = kind === "instance" ? sink.name(group[2]) : undefined;
  const sent = kind === "instance" ? group[3] : kind === "object" ? group[2] : [];
  const names = (sent as unknown[]).map((name) => sink.name(name));
  const made: C[] = [];
  for (let i = 0; i < count; i++) made.push(sink.make(kind, className, names));
  return { group, kind, names, made };
}

export const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;

/** Fills an array that a group describes by another one. */
type FillFrom<C> = (container: C, group: Group) => void;

/** Fills the containers, in order. `fillFrom`: deltas alone have such arrays. */
export function fillBodies<C>(opened: readonly OpenedBodies<C>[], sink: Sink<C>, fillFrom?: FillFrom<C>): void {
  for (const one of opened) fillBody(one, sink, fillFrom);
}

/** Fills the containers of one group. */
export function fillBody<C>({ group, kind, names, made }: OpenedBodies<C>, sink: Sink<C>, fillFrom?: FillFrom<C>): void {
  if (group[0] === "f") fillFrom!(made[0] as C, group);
  else if (kind === "object" || kind === "instance") fillObjects(group.slice(kind === "instance" ? 4 : 3), names, made, sink);
  else fillLists(group, kind, made, sink);
}

function fillObjects<C>(columns: readonly unknown[], names: readonly string[], made: C[], sink: Sink<C>): void {
  const blank = blankOf(names, made.length);
  const objects = made.map((): Record<string, unknown> => ({ ...blank }));
  for (let c = 0; c < names.length; c++) {
    const slots = columnOf(columns[c], made.length);
    const name = names[c] as string;
    for (let i = 0; i < made.length; i++) put(objects[i] as object, name, valueOf(slots ? slots[i] : NEXT, sink));
  }
  for (let i = 0; i < made.length; i++) sink.fill(made[i] as C, objects[i]);
}

/** The object of which many objects with these properties are copies: it has just the room that they need, unlike an object that grows. */
const blankOf = (names: readonly string[], many: number): object =>
  many < 4 ? {} : (JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:null`).join()}}`) as object);

/** The slots of a column; `undefined` when all are new containers. */
function columnOf(sent: unknown, length: number): readonly unknown[] | undefined {
  if (sent === 0 && length <= CONTAINERS) return undefined;
  if (!Array.isArray(sent) || sent.length !== length) throw badWire("a column", sent);
  return sent;
}

function fillLists<C>(group: Group, kind: BodyKind, made: C[], sink: Sink<C>): void {
  const sizes = group[2] as number[];
  let total = 0;
  for (let i = 0; i < made.length; i++) {
    if (!isCount(sizes[i])) throw badWire("a count", sizes[i]);
    total += sizes[i] as number;
  }
  const first = columnOf(group[3], total);
  const read = (slots: readonly unknown[] | undefined) => {
    const values = new Array<unknown>(total);
    for (let i = 0; i < total; i++) values[i] = valueOf(slots ? slots[i] : NEXT, sink);
    return values;
  };
  const values = read(first);
  const more = kind === "map" ? read(columnOf(group[4], total)) : [];
  let at = 0;
  for (let i = 0; i < made.length; i++) {
    const end = at + (sizes[i] as number);
    const part = values.slice(at, end);
    if (kind === "array") sink.fill(made[i] as C, part);
    else if (kind === "set") sink.fill(made[i] as C, new Set(part));
    else sink.fill(made[i] as C, new Map(part.map((key, n) => [key, more[at + n]])));
    at = end;
  }
}
