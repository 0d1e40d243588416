import { badWire } from "../errors/errors.js";
import type { ArrayNode } from "../graph/array.js";
import { InstanceNode } from "../graph/instance.js";
import type { MapNode } from "../graph/map.js";
import { type Node, own, type Stored } from "../graph/node.js";
import type { ObjectNode } from "../graph/object.js";
import type { SetNode } from "../graph/set.js";
import { type BodyKind, fillBodies, type Group, isCount, openBodies, valueOf, type WireDelta } from "../wire/codec.js";
import { APPEND, CLEAR, CUT, DELETE, MAP_DELETE, MAP_SET, SET, SET_ADD, SET_DELETE, SET_ITEM, SET_MANY, SPLICE, SWEEP, TEXT } from "../wire/ops.js";
import { type Decoder, type NodePages, nodeIn, register } from "./decoder.js";

/**
 * Reads a delta into the graph of a decoder. A page loads this with the stream, as what it was rendered with is a snapshot.
 * @param named gets the containers that the ops name, and the keys of Maps that they set
 */
export function readDelta(decoder: Decoder, delta: WireDelta, named?: Set<unknown>): void {
  decoder.claimed = decoder.free;
  const bodies = Array.isArray(delta[0]) ? (delta[0] as Group[]) : undefined;
  const opened = bodies ? openBodies(bodies, decoder) : [];
  const sweep = applyOps(decoder, delta, bodies ? 1 : 0, named);
  fillBodies(opened, decoder, (node, group) => fillFrom(decoder, node, group));
  if (decoder.claimed !== decoder.free) throw badWire("a delta", "containers that nothing refers to");
  if (sweep) forgetUnreachable(decoder);
}

/** Applies the ops from an index on. `true`: containers that cannot be reached are to be forgotten. */
function applyOps(decoder: Decoder, delta: WireDelta, from: number, named: Set<unknown> | undefined): boolean {
  let at = from;
  let sweep = false;
  const next = () => delta[at++];
  const value = () => valueOf(delta[at++], decoder);
  const container = <N extends Node>(kind?: BodyKind) => {
    const node = decoder.numbered<N>(next(), kind);
    named?.add(node);
    return node;
  };
  while (at < delta.length) {
    const code = next();
    switch (code) {
      case SET:
        container<ObjectNode>("object").put(decoder.name(next()), value());
        break;
      case DELETE:
        container<ObjectNode>("object").remove(decoder.name(next()));
        break;
      case SPLICE:
      case CUT:
        container<ArrayNode>("array").splice(
          next() as number,
          next() as number,
          code === SPLICE ? (next() as unknown[]).map((slot) => valueOf(slot, decoder)) : [],
        );
        break;
      case SET_ITEM:
        container<ArrayNode>("array").put(next() as number, value());
        break;
      case MAP_SET: {
        const map = container<MapNode>("map");
        const key = value();
        map.put(key, value());
        named?.add(key);
        break;
      }
      case MAP_DELETE:
        container<MapNode>("map").remove(value());
        break;
      case SET_ADD:
        container<SetNode>("set").put(value());
        break;
      case SET_DELETE:
        container<SetNode>("set").remove(value());
        break;
      case CLEAR:
        container<MapNode | SetNode>().clear();
        break;
      case SET_MANY:
        setMany(decoder, decoder.name(next()), next() as number[], next() as unknown[], named);
        break;
      case TEXT:
      case APPEND: {
        const node = container();
        const key = node.kind === "map" ? value() : node.kind === "array" ? next() : decoder.name(next());
        if (code === TEXT) changeText(node, key, next(), next(), next());
        else changeText(node, key, undefined, 0, next());
        break;
      }
      case SWEEP:
        sweep = true;
        break;
      default:
        throw badWire("an op", code);
    }
  }
  return sweep;
}

/** Sets a property of several containers. `steps`: the differences between their numbers. */
function setMany(decoder: Decoder, name: string, steps: readonly number[], slots: readonly unknown[], named: Set<unknown> | undefined): void {
  let id = 0;
  for (let n = 0; n < steps.length; n++) {
    id += steps[n] as number;
    const node = decoder.numbered<ObjectNode>(id, "object");
    node.put(name, valueOf(slots[n], decoder));
    named?.add(node);
  }
}

/** Replaces a part of a string. Without `at` it is the end. */
function changeText(node: Node, key: Stored, at: unknown, remove: unknown, text: unknown): void {
  const { data } = node;
  const old: unknown = data instanceof Map ? data.get(key) : own(data as object, key as string);
  // The class may have lost the field since the delta was stored.
  if (old === undefined && node instanceof InstanceNode && node.persistent) return;
  if (typeof old !== "string") throw badWire("a text that changes", old);
  const start = at ?? old.length;
  if (!isCount(start) || !isCount(remove) || start + remove > old.length || typeof text !== "string") throw badWire("a part of a text", [at, remove, text]);
  const next = start === old.length ? old + text : old.slice(0, start) + text + old.slice(start + remove);
  (node as ObjectNode | ArrayNode | MapNode).put(key as never, next);
}

/** Forgets the numbers of containers that cannot be reached from the root. Volatile containers have numbers of another decoder. */
function forgetUnreachable(decoder: Decoder): void {
  const { root, table, audience } = decoder;
  const reached: NodePages = [];
  const queue: Node[] = [root];
  for (const node of queue) {
    const { id } = audience.tag(node);
    if (nodeIn(reached, id) === node || nodeIn(table, id) !== node) continue;
    register(reached, id, node);
    node.children((child) => void queue.push(child), audience);
  }
  decoder.table = reached;
}

/** Fills an array that a group describes by another one. */
function fillFrom(decoder: Decoder, node: Node, [, base, runs]: Group): void {
  const items = decoder.numbered<ArrayNode>(base, "array").data;
  const next: Stored[] = [];
  let cursor = 0;
  const copy = (count: number) => {
    for (const end = Math.min(cursor + count, items.length); cursor < end; cursor++) next.push(items[cursor]);
  };
  for (const run of runs as (number | unknown[])[]) {
    if (typeof run === "number") {
      if (run >= 0) {
        copy(run);
        cursor++;
      } else cursor -= run;
      continue;
    }
    copy(run[0] as number);
    for (let i = 1; i < run.length; i++) next.push(valueOf(run[i], decoder));
  }
  node.data = next;
}
