import { errorViews } from "../errors/errors.js";
import type { ArrayNode } from "../graph/array.js";
import { EVENT_ERROR, type InstanceNode } from "../graph/instance.js";
import type { MapNode } from "../graph/map.js";
import { liveOf, type Node } from "../graph/node.js";
import type { ObjectNode } from "../graph/object.js";
import type { SetNode } from "../graph/set.js";
import { openArray } from "./array-face.js";
import { openMap } from "./map-face.js";
import { openInstance, openObject } from "./object-face.js";
import { openSet } from "./set-face.js";

/**
 * Makes the object that users hold of a container, and that MobX reacts to: a Proxy of an object, array, Map or Set. A graph of which only
 * views are read does not need it.
 */
export function openFace(node: Node): object {
  switch (node.kind) {
    case "object":
      return openObject(node as ObjectNode);
    case "instance":
      return (node as InstanceNode).className === EVENT_ERROR ? errorOf(node as InstanceNode) : openInstance(node as InstanceNode);
    case "array":
      return openArray(node as ArrayNode);
    case "map":
      return openMap(node as MapNode);
    case "set":
      return openSet(node as SetNode);
    default:
      return node.kind satisfies never;
  }
}

/** An error is no Proxy, so that it is an `EventError`: nothing changes it. */
const errorOf = ({ data: { code, message, data } }: InstanceNode): object =>
  Object.freeze(Object.assign(Object.create(errorViews), { code, message, data: liveOf(data) }));
