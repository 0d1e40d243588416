import type { Random } from "../kit/random.js";
import { wait } from "./actor.js";
import type { Cluster, Place } from "./cluster.js";

/** What can befall a cluster. */
export type Fault = "kill" | "freeze" | "cut" | "restart" | "drain" | "failover";

/** A fault that happened. */
export interface Mishap {
  readonly fault: Fault;
  readonly at: number;
  /** When what was wrong was well again. */
  end?: number;
  /** The node that it befell. */
  readonly port: number | undefined;
  /** Nothing else had just been wrong. */
  readonly alone: boolean;
}

export interface TroubleOptions {
  readonly lease: number;
  /** How long a node is frozen, in ms. */
  readonly frozen: number;
  /** The faults, in shares. */
  readonly faults: readonly Fault[];
}

/** Ms between two faults. */
const EVERY = 2000;

/** What happens to a cluster. One node at least is always well. */
export class Trouble {
  readonly mishaps: Mishap[] = [];
  readonly counts: Record<Fault, number> = { kill: 0, freeze: 0, cut: 0, restart: 0, drain: 0, failover: 0 };
  readonly #cluster: Cluster;
  readonly #random: Random;
  readonly #options: TroubleOptions;
  readonly #going = new Set<Promise<void>>();
  #bag: Fault[] = [];
  /** When a line was cut or mended, a node frozen or thawed, or Redis restarted last. */
  #disturbed = -Infinity;
  #cuts = 0;

  constructor(cluster: Cluster, random: Random, options: TroubleOptions) {
    this.#cluster = cluster;
    this.#random = random;
    this.#options = options;
  }

  /** One fault, and the time until the next one. Gives what it was. */
  async make(): Promise<string> {
    const [fault, place] = this.#draw();
    if (fault) {
      this.counts[fault]++;
      const at = performance.now();
      const port = fault === "restart" || fault === "failover" ? undefined : place.port;
      const mishap: Mishap = { fault, at, port, alone: this.#cuts === 0 && at - this.#disturbed > this.#options.lease + 1000 };
      this.mishaps.push(mishap);
      await this.#befall(fault, place);
      if (port === undefined) mishap.end = performance.now();
      else
        place.well = () => {
          mishap.end = performance.now();
        };
    }
    // After a kill nothing else begins until its pause should be over.
    await wait(fault === "kill" ? Math.max(EVERY, this.#options.lease + 1000) : EVERY);
    return fault ?? "nothing";
  }

  /** Resolves when nothing is wrong any more. */
  async over(): Promise<void> {
    await Promise.all(this.#going);
  }

  /** The next fault that can happen now. */
  #draw(): [fault: Fault | undefined, place: Place] {
    const well = this.#cluster.places.filter(({ ailing }) => !ailing);
    if (this.#bag.length === 0) this.#bag = this.#shuffled();
    const at = this.#bag.findIndex((fault) => fault === "restart" || fault === "failover" || well.length > 1);
    return [at < 0 ? undefined : this.#bag.splice(at, 1)[0], this.#random.pick(well)];
  }

  /** All faults in a random order, but those first that take long. */
  #shuffled(): Fault[] {
    const left = [...this.#options.faults];
    const order: Fault[] = [];
    while (left.length > 0) order.push(...left.splice(this.#random.int(left.length), 1));
    return [...order.filter((fault) => fault === "freeze"), ...order.filter((fault) => fault !== "freeze")];
  }

  async #befall(fault: Fault, place: Place): Promise<void> {
    switch (fault) {
      case "kill":
        this.#ail(place, this.#cluster.kill(place));
        break;
      case "drain":
        this.#ail(place, this.#cluster.drain(place));
        break;
      case "freeze":
        this.#cluster.freeze(place);
        this.#ail(
          place,
          this.#disturb(this.#options.frozen, () => this.#cluster.thaw(place)),
        );
        break;
      case "cut":
        this.#ail(place, this.#cut(place));
        break;
      case "restart":
        await this.#cluster.restartRedis(this.#random.pick(["SIGTERM", "SIGKILL"]));
        this.#disturbed = performance.now();
        break;
      case "failover":
        await this.#cluster.failOver();
        this.#disturbed = performance.now();
        break;
      default:
        fault satisfies never;
    }
  }

  /** What passes between a node and Redis comes late; or what the node sends arrives, and the answers are lost with the line. */
  async #cut({ line }: Place): Promise<void> {
    const ms = 500 + this.#random.int(2 * this.#options.lease);
    this.#cuts++;
    if (this.#random.chance(0.5)) {
      line.stall();
      await this.#disturb(ms, () => line.flow());
    } else {
      line.deafen();
      await this.#disturb(ms, () => line.hear(true));
    }
    this.#cuts--;
  }

  async #disturb(ms: number, end: () => void): Promise<void> {
    this.#disturbed = performance.now();
    await wait(ms);
    end();
    this.#disturbed = performance.now();
  }

  #ail(place: Place, until: Promise<void>): void {
    place.ailing = true;
    const over = until.then(() => {
      place.ailing = false;
      place.well?.();
      this.#going.delete(over);
    });
    this.#going.add(over);
  }
}
