import { StateError } from "../lib/errors/errors.js";
import { fenced } from "../lib/errors/node-errors.js";
import { keeping } from "../server/storage/memory.js";
import type { Claim, Lease, NodeFacts, NodeMember, NodeStorage } from "../server/storage/nodes.js";
import { type CommitRecord, follows, type HostRecord, type Position } from "../server/storage/records.js";
import type { LoadedHost, Storage } from "../server/storage/storage.js";

/** Mistakes that a shared storage could make, for tests that must notice them. */
export type SharedStorageBug = "fence check removed" | "sequence check removed" | "dedupe off";

/** The options of a storage that the nodes of a pair share. */
export interface SharedStorageOptions {
  readonly bugs?: readonly SharedStorageBug[];
}

interface Member extends NodeFacts {
  readonly life: number;
  until: number;
}

interface Owned {
  readonly node: string;
  readonly life: number;
  readonly fence: number;
}

/** A line between a node and the storage. `open` resolves when what was asked may go on. */
interface Line {
  state: "well" | "cut" | "frozen";
  open: Promise<void>;
  thaw(): void;
  take: ((message: string, from: string) => void) | undefined;
}

/** A storage in memory that several servers of one process share, as nodes. The clock of the process is the storage's. */
export class SharedStorage {
  readonly #bugs: ReadonlySet<SharedStorageBug>;
  readonly #storage: Storage;
  readonly #leases = new Map<string, Owned>();
  readonly #duties = new Map<string, Omit<Owned, "fence">>();
  readonly #members = new Map<string, Member>();
  readonly #lines = new Map<string, Line>();
  /** The nodes whose next append comes twice. */
  readonly #repeated = new Set<string>();
  #fences = 0;
  #lives = 0;

  constructor({ bugs = [] }: SharedStorageOptions = {}) {
    this.#bugs = new Set(bugs);
    const unchecked = (commit: Position, last: Position) => commit.incarnation === last.incarnation && commit.revision <= last.revision + 1;
    const mayFollow = this.#bugs.has("sequence check removed") ? unchecked : follows;
    this.#storage = keeping({ mayFollow, isHeld: (id) => this.#ownerOf(id) !== undefined });
  }

  // --- faults ---

  /** Cuts a node from the storage and from the other nodes, until it is healed: what it asks fails, messages are lost. */
  cut(node: string): void {
    this.#line(node).state = "cut";
  }

  /** Lets what a node asks wait until it is healed, and happen then, however late. Messages wait alike. */
  freeze(node: string): void {
    const line = this.#line(node);
    // What waits already waits on.
    line.thaw();
    line.state = "frozen";
    line.open = new Promise((resolve) => {
      line.thaw = resolve;
    });
  }

  /** Lets the next append of a node come twice, as where the line breaks before the answer, and it is sent again. */
  repeat(node: string): void {
    this.#repeated.add(node);
  }

  heal(node: string): void {
    const line = this.#line(node);
    line.state = "well";
    line.thaw();
  }

  #line(node: string): Line {
    let line = this.#lines.get(node);
    if (!line) {
      line = { state: "well", open: Promise.resolve(), thaw: () => {}, take: undefined };
      this.#lines.set(node, line);
    }
    return line;
  }

  async #work<R>(node: string, run: () => R | Promise<R>): Promise<R> {
    const line = this.#line(node);
    // A frozen line may be frozen again before what waited goes on.
    while (line.state === "frozen") await line.open;
    if (line.state === "cut") throw new StateError("STORAGE", `The node \`${node}\` is cut from the storage.`);
    return run();
  }

  // --- who lives, and has what ---

  #life(node: string): number | undefined {
    const member = this.#members.get(node);
    return member && member.until > Date.now() ? member.life : undefined;
  }

  /** Who has an id, if that node is living. */
  #ownerOf(id: string): Owned | undefined {
    const owned = this.#leases.get(id);
    return owned && this.#life(owned.node) === owned.life ? owned : undefined;
  }

  #check(id: string, fence: number | undefined): void {
    if (this.#bugs.has("fence check removed")) return;
    const allowed = fence === undefined ? !this.#ownerOf(id) : this.#leases.get(id)?.fence === fence;
    if (!allowed) throw fenced(id);
  }

  #loaded(id: string): LoadedHost | undefined {
    const found = this.#storage.load(id) as LoadedHost | undefined;
    if (!found || !this.#bugs.has("dedupe off")) return found;
    const without = ({ event: _, ...commit }: CommitRecord): CommitRecord => commit;
    return { record: { ...found.record, numbers: {} }, tail: found.tail.map(without) };
  }

  #claim(node: string, id: string): Claim {
    const life = this.#life(node);
    if (life === undefined) throw fenced(id);
    const owner = this.#ownerOf(id);
    if (owner && owner.node !== node) return { owner: owner.node };
    const fence = ++this.#fences;
    this.#leases.set(id, { node, life, fence });
    return { fence, loaded: this.#loaded(id) };
  }

  #release(leases: readonly Lease[]): void {
    for (const { id, fence } of leases) if (this.#leases.get(id)?.fence === fence) this.#leases.delete(id);
  }

  #duty(node: string, name: string): boolean {
    const life = this.#life(node);
    if (life === undefined) return false;
    const now = this.#duties.get(name);
    if (now && this.#life(now.node) === now.life) return now.node === node;
    this.#duties.set(name, { node, life });
    return true;
  }

  #append(node: string, id: string, commits: readonly CommitRecord[], fence?: number): void {
    this.#check(id, fence);
    void this.#storage.append(id, commits);
    if (!this.#repeated.delete(node)) return;
    try {
      void this.#storage.append(id, commits);
    } catch {
      // The sequence tells that the first has been written.
    }
  }

  // --- the ends of the nodes ---

  /** The storage as one node has it. */
  node(node: string): Storage {
    const work = <R>(run: () => R | Promise<R>) => this.#work(node, run);
    const storage = this.#storage;
    return {
      "~storage": true,
      durable: true,
      nodes: this.#nodeStorage(node, work),
      load: (id) => work(() => this.#loaded(id)),
      append: (id, commits, fence) => work(() => this.#append(node, id, commits, fence)),
      save: (id: string, record: HostRecord, fence?: number) =>
        work(() => {
          this.#check(id, fence);
          return storage.save(id, record);
        }),
      delete: (id, fence) =>
        work(() => {
          this.#check(id, fence);
          return storage.delete(id);
        }),
      touch: (ids) => work(() => storage.touch(ids)),
      list: (prefix) => storage.list(prefix),
      expire: (prefix, before) => work(() => storage.expire(prefix, before)),
      due: (before, limit) =>
        work(async () => {
          const all = await storage.due(before, Number.MAX_SAFE_INTEGER);
          return all.filter(({ id }) => (this.#ownerOf(id)?.node ?? node) === node).slice(0, limit);
        }),
    };
  }

  #nodeStorage(node: string, work: <R>(run: () => R | Promise<R>) => Promise<R>): NodeStorage {
    return {
      node,
      format: 1,
      join: (facts) =>
        work(() => {
          this.#members.set(node, { ...facts, life: ++this.#lives, until: Date.now() + facts.lease });
        }),
      renew: () =>
        work(() => {
          const member = this.#members.get(node);
          if (!member || this.#life(node) === undefined) return false;
          member.until = Date.now() + member.lease;
          return true;
        }),
      leave: () => work(() => void this.#members.delete(node)),
      alive: () =>
        work(() => {
          const members = [...this.#members].filter(([name]) => this.#life(name) !== undefined);
          return members.map(([name, { lease, until, versions }]): NodeMember => ({ node: name, format: 1, lease, versions, left: until - Date.now() }));
        }),
      claim: (id) => work(() => this.#claim(node, id)),
      release: (leases) => work(() => this.#release(leases)),
      duty: (name) => work(() => this.#duty(node, name)),
      send: (to, message) => {
        const [from, line] = [this.#line(node), this.#line(to)];
        void this.#work(node, () => this.#work(to, () => from.state === "well" && line.take?.(message, node))).catch(() => {});
      },
      onMessage: (take) => {
        this.#line(node).take = take;
      },
    };
  }
}
