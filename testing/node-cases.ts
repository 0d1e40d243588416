import assert from "node:assert/strict";
import type { NodeStorage } from "../server/storage/nodes.js";
import type { CommitRecord } from "../server/storage/records.js";
import type { LoadedHost, Storage } from "../server/storage/storage.js";
import { storageContract } from "./storage.js";
import { all, dueAt, RecordWriter, rejects, stateIn, stateOf, writtenRecord } from "./storage-writer.js";

/** One duty of a storage that nodes share, as a test. */
export interface NodeCase {
  readonly name: string;
  /**
   * @param open Opens the storage for a node of this id, which no open one has. Called again after `close()`, it must open the same storage.
   * @throws AssertionError when the storage fails its duty
   */
  run(open: (node: string) => Storage | Promise<Storage>): Promise<void>;
}

/** The lease time of nodes that stay, and of those that are to die, in ms. */
const LONG = 60_000;
const SHORT = 300;

type Shared = Storage & { readonly nodes: NodeStorage };

const facts = (lease = LONG) => ({ lease, versions: { list: 1 } });

/** Opens nodes, which have joined, and closes them at the end. */
async function withNodes<N extends string>(
  open: (node: string) => Storage | Promise<Storage>,
  names: readonly N[],
  run: (nodes: Record<N, Shared>) => Promise<void>,
): Promise<void> {
  const nodes: Record<string, Shared> = {};
  try {
    for (const name of names) {
      const storage = await open(name);
      assert.ok(storage.nodes, "the storage has no `nodes`");
      await storage.nodes.join(facts());
      nodes[name] = storage as Shared;
    }
    await run(nodes as Record<N, Shared>);
  } finally {
    for (const storage of Object.values(nodes)) await storage.close?.();
  }
}

/** Claims an id that nobody else has. */
async function claimed({ nodes }: Shared, id: string): Promise<{ fence: number; loaded: LoadedHost | undefined }> {
  const claim = await nodes.claim(id);
  assert.ok("fence" in claim, `\`${id}\` has the owner \`${"owner" in claim && claim.owner}\``);
  return claim;
}

/** Rejects as writes do that bring no good fence, and leaves all as it was. */
async function fencedOff(storage: Storage, id: string, run: () => void | Promise<void>, what: string): Promise<void> {
  const before = JSON.stringify(await storage.load(id));
  await assert.rejects(async () => run(), { code: "FENCED" }, `it took ${what}`);
  assert.equal(JSON.stringify(await storage.load(id)), before, `it refused ${what}, and has changed`);
}

const owner = async ({ nodes }: Shared, id: string) => {
  const claim = await nodes.claim(id);
  return "owner" in claim ? claim.owner : undefined;
};

const until = async (fact: () => Promise<boolean>) => {
  while (!(await fact())) await new Promise((resolve) => setTimeout(resolve, 20));
};

/** A storage as a server uses it that shares it: what it writes it has claimed. */
function claiming(storage: Shared): Storage {
  const fences = new Map<string, Promise<number>>();
  const fenceOf = (id: string) => {
    const fence = fences.get(id) ?? claimed(storage, id).then((claim) => claim.fence);
    fences.set(id, fence);
    return fence;
  };
  return {
    ...storage,
    load: async (id) => {
      const { fence, loaded } = await claimed(storage, id);
      fences.set(id, Promise.resolve(fence));
      return loaded;
    },
    append: async (id, commits) => storage.append(id, commits, await fenceOf(id)),
    save: async (id, record) => storage.save(id, record, await fenceOf(id)),
    delete: async (id) => storage.delete(id, await fenceOf(id)),
    // Nothing expires that is in use.
    expire: async (prefix, before) => {
      const leases = await Promise.all([...fences].map(async ([id, fence]) => ({ id, fence: await fence })));
      fences.clear();
      await storage.nodes.release(leases);
      return storage.expire(prefix, before);
    },
  };
}

const withLeases: readonly NodeCase[] = storageContract.map(({ name, run }) => ({
  name: `${name}, with leases`,
  run: (open) =>
    run(async () => {
      const storage = (await open("node")) as Shared;
      assert.ok(storage.nodes, "the storage has no `nodes`");
      await storage.nodes.join(facts());
      return claiming(storage);
    }),
}));

const leaseCases: readonly NodeCase[] = [
  {
    name: "gives an id to one node at a time, with what is stored, and to the next once it was given back",
    run: (open) =>
      withNodes(open, ["a", "b"], async ({ a, b }) => {
        const writer = new RecordWriter("one");
        const first = await claimed(a, "room/a");
        assert.equal(first.loaded, undefined);
        await a.append("room/a", writer.commits(3), first.fence);
        assert.equal(await owner(b, "room/a"), "a");
        await a.nodes.release([{ id: "room/a", fence: first.fence }]);
        const second = await claimed(b, "room/a");
        assert.ok(second.fence > first.fence, "the fence has not grown");
        assert.deepEqual(stateOf(second.loaded as LoadedHost), writer.state());
        assert.equal(await owner(a, "room/a"), "b");
        await a.nodes.release([{ id: "room/a", fence: first.fence }]);
        assert.equal(await owner(a, "room/a"), "b", "a lease that is over was given back, and the one of now with it");
      }),
  },
  {
    name: "takes nothing from a node that has lost the lease, whatever it writes",
    run: (open) =>
      withNodes(open, ["a", "b"], async ({ a, b }) => {
        const writer = new RecordWriter("one");
        const { fence } = await claimed(a, "room/a");
        await a.append("room/a", writer.commits(2), fence);
        await a.nodes.release([{ id: "room/a", fence }]);
        const [late] = writer.commits(1) as [CommitRecord];
        await fencedOff(b, "room/a", () => a.append("room/a", [late], fence), "a commit after the lease was given back");
        const now = await claimed(b, "room/a");
        await fencedOff(b, "room/a", () => a.append("room/a", [late], fence), "a commit of an earlier lease");
        await fencedOff(b, "room/a", () => a.save("room/a", writtenRecord(writer), fence), "a record of an earlier lease");
        await fencedOff(b, "room/a", () => a.delete("room/a", fence), "a deletion by an earlier lease");
        await fencedOff(b, "room/a", () => a.append("room/a", [late]), "a commit without a fence, where another node has a lease");
        await fencedOff(b, "room/a", () => a.append("room/b", [new RecordWriter("two").commit()], 1), "a commit of a lease that never was");
        await b.append("room/a", [late], now.fence);
        assert.deepEqual(await stateIn(b, "room/a"), writer.state());
      }),
  },
  {
    name: "gives a node that claims once more a new lease, and ends the one before",
    run: (open) =>
      withNodes(open, ["a"], async ({ a }) => {
        const writer = new RecordWriter("one");
        const first = await claimed(a, "room/a");
        const second = await claimed(a, "room/a");
        assert.ok(second.fence > first.fence, "the fence has not grown");
        await fencedOff(a, "room/a", () => a.append("room/a", writer.commits(1), first.fence), "a commit of the lease before");
        await a.append("room/a", [new RecordWriter("one").commit()], second.fence);
      }),
  },
  {
    name: "never gives a fence twice, also after the id was deleted",
    run: (open) =>
      withNodes(open, ["a", "b"], async ({ a, b }) => {
        const fences: number[] = [];
        for (const node of [a, b, a]) {
          const { fence } = await claimed(node, "room/a");
          await node.append("room/a", new RecordWriter(String(fence)).commits(2), fence);
          await node.delete("room/a", fence);
          await node.nodes.release([{ id: "room/a", fence }]);
          fences.push(fence);
        }
        assert.deepEqual(
          fences,
          [...new Set(fences)].sort((a, b) => a - b),
        );
      }),
  },
  {
    name: "gives what a dead node had to others, and tells the dead node that it has lost it",
    run: (open) =>
      withNodes(open, ["a", "b"], async ({ a, b }) => {
        const writer = new RecordWriter("one");
        await a.nodes.join(facts(SHORT));
        const { fence } = await claimed(a, "room/a");
        await a.append("room/a", writer.commits(2), fence);
        assert.equal(await owner(b, "room/a"), "a");
        assert.deepEqual((await b.nodes.alive()).map(({ node }) => node).sort(), ["a", "b"]);
        await until(async () => (await owner(b, "room/a")) === undefined);
        assert.deepEqual(
          (await b.nodes.alive()).map(({ node }) => node),
          ["b"],
        );
        await fencedOff(b, "room/a", () => a.append("room/a", writer.commits(1), fence), "a commit of a dead node");
        assert.equal(await a.nodes.renew(), false);
        await assert.rejects(a.nodes.claim("room/b"), { code: "FENCED" }, "a dead node got a lease");
        await a.nodes.join(facts());
        assert.equal(await owner(a, "room/a"), "b");
      }),
  },
  {
    name: "counts a node that renews as living, and one that joins anew as another one",
    run: (open) =>
      withNodes(open, ["a", "b"], async ({ a, b }) => {
        await a.nodes.join(facts(SHORT));
        await claimed(a, "room/a");
        const end = Date.now() + 3 * SHORT;
        while (Date.now() < end) {
          // On a machine that stands still for long, the node may be dead.
          if (!(await a.nodes.renew())) return;
          assert.equal(await owner(b, "room/a"), "a");
          await new Promise((resolve) => setTimeout(resolve, SHORT / 10));
        }
        await a.nodes.join(facts());
        assert.equal(await owner(b, "room/a"), undefined, "a node that has joined anew has the leases of its life before");
      }),
  },
  {
    name: "gives what a node had to others at once, when it has left",
    run: (open) =>
      withNodes(open, ["a", "b"], async ({ a, b }) => {
        await claimed(a, "room/a");
        assert.equal(await a.nodes.duty("expire"), true);
        await a.nodes.leave();
        await claimed(b, "room/a");
        assert.equal(await b.nodes.duty("expire"), true);
      }),
  },
  {
    name: "tells of the living nodes what they have said of themselves",
    run: (open) =>
      withNodes(open, ["a", "b"], async ({ a, b }) => {
        await b.nodes.join({ lease: LONG, versions: { list: 2, täsk: 1 } });
        const members = [...(await a.nodes.alive())].sort((a, b) => (a.node < b.node ? -1 : 1));
        for (const { left } of members) assert.ok(left > 0 && left <= LONG, `a node lives on for ${left} ms`);
        assert.deepEqual(
          members.map(({ left: _, ...said }) => said),
          [
            { node: "a", format: a.nodes.format, lease: LONG, versions: { list: 1 } },
            { node: "b", format: b.nodes.format, lease: LONG, versions: { list: 2, täsk: 1 } },
          ],
        );
      }),
  },
  {
    name: "gives a duty to one node",
    run: (open) =>
      withNodes(open, ["a", "b"], async ({ a, b }) => {
        const got = await Promise.all([a.nodes.duty("expire"), b.nodes.duty("expire")]);
        assert.equal(got.filter(Boolean).length, 1);
        assert.deepEqual(await Promise.all([a.nodes.duty("expire"), b.nodes.duty("expire")]), got);
        assert.equal(await (got[0] ? b : a).nodes.duty("upkeep"), true);
      }),
  },
  {
    name: "lists as due what nobody else has, and lets nothing expire that a living node has",
    run: (open) =>
      withNodes(open, ["a", "b"], async ({ a, b }) => {
        for (const id of ["session/1", "session/2", "session/3"]) {
          const { fence } = await claimed(a, id);
          await a.append(id, [dueAt(new RecordWriter("one"), 5000)], fence);
          await a.append(`${id}/more`, [new RecordWriter("one").commit()], (await claimed(a, `${id}/more`)).fence);
          if (id !== "session/1") await a.nodes.release([{ id, fence }]);
        }
        await claimed(b, "session/2");
        const due = async (node: Shared) => (await node.due(Number.MAX_SAFE_INTEGER, 10)).map(({ id }) => id).sort();
        assert.deepEqual(await due(a), ["session/1", "session/3"]);
        assert.deepEqual(await due(b), ["session/2", "session/3"]);
        assert.deepEqual(await b.expire("session/", Date.now() + 1000), []);
        await a.nodes.leave();
        assert.deepEqual([...(await b.expire("session/", Date.now() + 1000))].sort(), ["session/1/more", "session/2/more", "session/3/more"]);
        assert.deepEqual(Object.keys(await all(b, "")).sort(), ["session/1", "session/2", "session/3"]);
      }),
  },
  {
    name: "brings messages to a node, in order, and to no other",
    run: (open) =>
      withNodes(open, ["a", "b"], async ({ a, b }) => {
        const got: string[] = [];
        a.nodes.onMessage((message, from) => got.push(`a: ${from} ${message.length}`));
        b.nodes.onMessage((message, from) => got.push(`b: ${from} ${message.length > 100 ? message.length : message}`));
        const wanted = ["b: a \u2028 ✓", ...Array.from({ length: 50 }, (_, n) => `b: a ${n}`), `b: a ${1 << 20}`];
        a.nodes.send("b", "\u2028 ✓");
        for (let n = 0; n < 50; n++) a.nodes.send("b", String(n));
        a.nodes.send("b", "x".repeat(1 << 20));
        a.nodes.send("nobody", "lost");
        await until(async () => got.length >= wanted.length);
        assert.deepEqual(got, wanted);
      }),
  },
  {
    name: "takes what nobody has without a fence, as tools write it",
    run: (open) =>
      withNodes(open, ["a", "b"], async ({ a, b }) => {
        await b.save("rotation/1", writtenRecord(new RecordWriter("one")));
        const { fence } = await claimed(a, "rotation/1");
        await rejects(() => b.save("rotation/1", writtenRecord(new RecordWriter("two"))), "a record without a fence, where another node has a lease");
        await a.nodes.release([{ id: "rotation/1", fence }]);
        await b.save("rotation/1", writtenRecord(new RecordWriter("two")));
      }),
  },
];

/**
 * The duties of a storage that nodes share as tests: those of {@link storageContract}, with leases, and those of {@link NodeStorage}. Each case needs an empty
 * storage of its own.
 * @example
 * describe("mine", () => {
 *   for (const { name, run } of nodeContract) {
 *     const place = newPlace();
 *     test(name, () => run((node) => mine(place, node)));
 *   }
 * });
 */
export const nodeContract: readonly NodeCase[] = [...withLeases, ...leaseCases];
