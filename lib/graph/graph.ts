import type { Classes } from "../class/view-registry.js";
import type { NodePool } from "../predict/node-pool.js";
import type { Recorder } from "../record/recorder.js";
import type { Writer } from "../store/writer.js";
import { stateDate } from "./date.js";
import { InstanceNode } from "./instance.js";
import type { Listeners } from "./listeners.js";
import type { Node } from "./node.js";

declare const process: { readonly env: { readonly NODE_ENV?: string } };

/** How containers change: as a server's store, where users write, or under a prediction. */
export interface GraphMode {
  /** Records changes, so that they can be undone. Without a recorder changes are final. */
  readonly recorder?: Recorder;
  /** Takes the values that users write. Without a writer users may not write. */
  readonly writer?: Writer;
  /** Containers that were undone: new containers reuse them. */
  readonly pool?: NodePool;
  /** Makes what code holds of an instance, in the place of {@link Graph.open}. */
  faceOf?(node: InstanceNode): object;
}

/** The containers of one store. A {@link Writer} or a decoder writes to them. */
export class Graph {
  /** The store's name, for messages. */
  readonly name: string;
  root!: InstanceNode;
  /** Without a mode only a decoder changes the containers, and its changes are final. */
  mode: GraphMode | undefined = undefined;
  /** Makes the object that users hold of a container: `openFace`. `undefined` where only views are read. */
  open: ((node: Node) => object) | undefined;
  /** The value of an instance for a name that is no field: an event, mostly, which acts on that very instance. */
  eventOf: ((node: InstanceNode, name: string) => unknown) | undefined;
  /** The events of a model by name, always the same object: views of its instances have them. */
  eventsOf: ((className: string) => object | undefined) | undefined;
  /** Classes that this side has for views of their instances. */
  models: Classes | undefined;
  /** See {@link onDelta}. */
  listeners: Listeners | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** A date for this graph. In development a twin's dates refuse changes in place, too, as its views do. */
  date(date: Date): Date {
    return typeof process === "undefined" || process.env.NODE_ENV === "production" ? date : stateDate(date.getTime());
  }

  /** A container for an instance of a class. */
  instance(className: string): InstanceNode {
    return new InstanceNode(this, {}, className);
  }
}
