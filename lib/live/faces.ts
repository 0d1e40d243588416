import type { ArrayNode } from "../graph/array.js";
import { EVENT_ERROR, type InstanceNode } from "../graph/instance.js";
import type { MapNode } from "../graph/map.js";
import type { Node } from "../graph/node.js";
import type { ObjectNode } from "../graph/object.js";
import type { SetNode } from "../graph/set.js";
import { viewOf } from "../view/view.js";
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
      // Nothing changes an error, so its view is as good, and is an `EventError`.
      return (node as InstanceNode).className === EVENT_ERROR ? (viewOf(node) as object) : openInstance(node as InstanceNode);
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
