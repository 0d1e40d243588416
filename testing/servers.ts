import { notRunning } from "../lib/errors/node-errors.js";
import { memory } from "../server/storage/memory.js";
import type { Storage } from "../server/storage/storage.js";
import type { Life } from "./life.js";
import { SharedStorage } from "./shared-storage.js";

/** One server of a pair, over its lives. */
interface Server {
  readonly name: string;
  life: Life | undefined;
  /** The server takes no new requests. */
  draining: boolean;
  /** How many lives there were: each is another node to the storage. */
  lives: number;
}

/** The server of a pair, or the nodes of one: which of them runs, and takes requests. */
export class Servers {
  readonly #servers: readonly Server[];
  readonly #storage: Storage | SharedStorage;
  readonly #begin: (storage: Storage) => Life;
  #turn = 0;
  /** The life that has begun last. */
  last!: Life;

  constructor(storage: Storage | SharedStorage, nodes: number, begin: (storage: Storage) => Life) {
    this.#storage = storage;
    this.#begin = begin;
    this.#servers = Array.from({ length: nodes }, (_, i) => ({ name: String.fromCharCode(97 + i), life: undefined, draining: false, lives: 0 }));
    for (const server of this.#servers) this.#start(server);
  }

  #start(server: Server): void {
    server.lives++;
    server.draining = false;
    const first = server.lives === 1;
    const storage =
      this.#storage instanceof SharedStorage ? this.#storage.node(this.#nodeOf(server)) : first || this.#storage.durable ? this.#storage : memory();
    server.life = this.#begin(storage);
    this.last = server.life;
  }

  #nodeOf = ({ name, lives }: Server) => `${name}${lives}`;

  /** The lives that go on. */
  get lives(): readonly Life[] {
    return this.#servers.flatMap(({ life }) => life ?? []);
  }

  /** There are nodes. */
  get several(): boolean {
    return this.#servers.length > 1;
  }

  /** All servers run. */
  get complete(): boolean {
    return this.#servers.every(({ draining, life }) => life && !draining);
  }

  /** The life that takes the next request. `name`: that of the server which is to take it, if it can. */
  next(name: string | undefined): Life | undefined {
    const ready = this.#servers.filter(({ draining, life }) => life && !draining);
    const wanted = name === undefined ? undefined : ready.find((server) => server.name === name);
    return (wanted ?? ready[this.#turn++ % ready.length])?.life;
  }

  /**
   * The life of a server.
   * @throws StateError where it does not run
   */
  of(name: string): Life {
    const life = this.#find(name)?.life;
    if (!life) throw notRunning(name);
    return life;
  }

  /** The server of a name; without one, the first that runs. */
  #find(name: string | undefined): Server | undefined {
    return this.#servers.find((server) => (name === undefined ? server.life : server.name === name));
  }

  /** Ends the life of a server. `life`: only that one. */
  kill(which: string | Life | undefined): { readonly life: Life; start(): void } | undefined {
    const server = typeof which === "object" ? this.#servers.find(({ life }) => life === which) : this.#find(which);
    const life = server?.life;
    if (!life) return undefined;
    server.life = undefined;
    life.kill();
    return { life, start: () => this.#start(server) };
  }

  /** Closes a server as a deploy does: it takes no new requests, ends, and starts anew. */
  async drain(name: string): Promise<void> {
    const server = this.#find(name);
    const life = server?.life;
    if (!life || server.draining) return;
    server.draining = true;
    await life.run(() => life.twin.close());
    if (server.life === life) this.#start(server);
  }

  /** What a fault does to the node of a server. */
  hinder(name: string, how: "cut" | "freeze" | "repeat"): void {
    const server = this.#find(name);
    if (server && this.#storage instanceof SharedStorage) this.#storage[how](this.#nodeOf(server));
  }

  heal(): void {
    if (!(this.#storage instanceof SharedStorage)) return;
    for (const server of this.#servers) this.#storage.heal(this.#nodeOf(server));
  }

  async close(): Promise<void> {
    this.heal();
    await Promise.all(this.lives.map((life) => life.twin.close()));
    if (!(this.#storage instanceof SharedStorage)) await this.#storage.close?.();
  }
}
