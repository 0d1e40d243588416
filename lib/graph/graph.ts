import type { Classes } from "../class/view-registry.js";
import type { NodePool } from "../predict/node-pool.js";
import type { Recorder } from "../record/recorder.js";
import type { Writer } from "../store/writer.js";
import { stateDate } from "./date.js";
import { InstanceNode } from "./instance.js";
import type { Listeners } from "./listeners.js";
import type { Node } from "./node.js";

declare const process: { readonly env: { readonly NODE_ENV?: string } };

/** The containers of one store, to be read. What writes them is a {@link Writer}, or a decoder. */
export class Graph {
  /** For messages. */
  readonly name: string;
  root!: InstanceNode;
  /** Notes changes; without it they are final. */
  recorder: Recorder | undefined = undefined;
  /** Where values of users' enter, while they may write. */
  writer: Writer | undefined = undefined;
  /** Containers that were undone: what is made takes their place. */
  spares: NodePool | undefined = undefined;
  /** Makes what users hold of a container: `openFace`, where containers are held at all. */
  open: ((node: Node) => object) | undefined;
  /** What an instance is while a prediction runs. */
  act: ((node: InstanceNode) => object) | undefined;
  /** What a mirror's instance gives for a name that is no field. */
  method: ((className: string, key: string) => unknown) | undefined;
  /** Classes that this side has for views of their instances. */
  models: Classes | undefined;
  /** See {@link onDelta}. */
  listeners: Listeners | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** A date as it stands here. In development a twin's cannot be changed in place either, as its views cannot. */
  date(date: Date): Date {
    return typeof process === "undefined" || process.env.NODE_ENV === "production" ? date : stateDate(date.getTime());
  }

  /** A container for an instance of a class. */
  instance(className: string): InstanceNode {
    return new InstanceNode(this, {}, className);
  }
}
