import { badProfile, otherNext } from "../lib/errors/server-code-errors.js";
import type { Revalidate } from "./revalidate.js";

/** The options of `createRevalidate`. */
export interface RevalidateOptions {
  /**
   * How Next revalidates, as the second argument of its `revalidateTag`. With `{ expire: 0 }` the next visitor waits for the new page, and with `"max"` gets
   * the old one once more, while the new one is made.
   * @default { expire: 0 }
   */
  profile?: string | { expire?: number | undefined } | undefined;
}

/** What Next knows of a request, as far as it is used here. */
interface Work {
  readonly page: string;
  readonly route: string;
  readonly incrementalCache?: unknown;
  readonly cacheLifeProfiles?: unknown;
}

/** Next's own parts, which are there once some request has come. */
interface NextParts {
  /** The work of the request that is being answered here, if any. */
  work(): Work | undefined;
  /** Whether a server action runs here. */
  inAction(): boolean;
  /** Revalidates tags with the caches that a request had. */
  run(work: Work, mark: (revalidateTag: RevalidateTag) => void): Promise<void>;
  readonly revalidateTag: RevalidateTag;
}
type RevalidateTag = (tag: string, profile: string | { expire?: number }) => void;

// Next evaluates this module in several module graphs of one process, and has one cache.
const CACHE = Symbol.for("twinstate.nextCache");
interface Shared {
  /** What the last request knew of the caches. */
  last?: Work;
  parts?: Promise<NextParts>;
  /** What waits for a first request. */
  readonly waiting: Set<string>;
}
const shared = (): Shared => ((globalThis as unknown as { [CACHE]?: Shared })[CACHE] ??= { waiting: new Set() });

/**
 * Makes a `revalidate` with options.
 * @throws StateError for a profile that is neither a name nor `{ expire }`
 * @example createTwin({ stores, revalidate: createRevalidate({ profile: "max" }) });
 */
export function createRevalidate({ profile = { expire: 0 } }: RevalidateOptions = {}): Revalidate {
  if (!(typeof profile === "string" && profile !== "") && !(typeof profile === "object" && profile !== null)) throw badProfile(profile);

  async function revalidateNow(parts: NextParts, work: Work, tags: Iterable<string>): Promise<void> {
    const all = [...tags];
    // The answer of an action brings the browser the page anew.
    if (parts.inAction()) for (const tag of all) parts.revalidateTag(tag, profile);
    await parts.run(work, (revalidateTag) => {
      for (const tag of all) revalidateTag(tag, profile);
    });
  }

  async function revalidate(tags: readonly string[]): Promise<void> {
    const { waiting } = shared();
    const parts = await partsOfNext();
    const work = seen(parts);
    if (work) return revalidateNow(parts, work, tags);
    for (const tag of tags) waiting.add(tag);
  }

  async function request(): Promise<void> {
    const { waiting } = shared();
    const parts = await partsOfNext();
    const work = seen(parts);
    if (!work || waiting.size === 0) return;
    const tags = [...waiting];
    waiting.clear();
    await revalidateNow(parts, work, tags);
  }

  return Object.assign(revalidate, { request: () => void request().catch(() => {}) });
}

/** What the request that runs here knows of Next's caches, or what the last one knew. */
function seen(parts: NextParts): Work | undefined {
  const kept = shared();
  const work = parts.work();
  // Nothing else of a request is kept.
  if (work?.incrementalCache) kept.last = { page: "/route", route: "/", incrementalCache: work.incrementalCache, cacheLifeProfiles: work.cacheLifeProfiles };
  return kept.last;
}

const partsOfNext = (): Promise<NextParts> => (shared().parts ??= loadParts());

/**
 * Loads what Next revalidates with. Its `revalidateTag` only notes tags for the end of a request, and most commits have none: schedules, events by socket, and
 * streams that have begun to answer.
 * @throws StateError where this version of Next has them no more
 */
async function loadParts(): Promise<NextParts> {
  try {
    const [{ workAsyncStorage }, { workUnitAsyncStorage }, { executeRevalidates }, { revalidateTag }] = await Promise.all([
      import("next/dist/server/app-render/work-async-storage.external.js"),
      import("next/dist/server/app-render/work-unit-async-storage.external.js"),
      import("next/dist/server/revalidation-utils.js"),
      import("next/cache.js"),
    ]);
    return {
      work: () => workAsyncStorage.getStore(),
      inAction() {
        const unit = workUnitAsyncStorage.getStore();
        return unit?.type === "request" && unit.phase === "action" && workAsyncStorage.getStore()?.page.endsWith("/route") === false;
      },
      async run(work, mark) {
        const own = { ...work } as never;
        workUnitAsyncStorage.exit(() => workAsyncStorage.run(own, () => mark(revalidateTag)));
        await executeRevalidates(own);
      },
      revalidateTag,
    };
  } catch (error) {
    delete shared().parts;
    throw otherNext(error);
  }
}

/**
 * Revalidates the tags of Next's caches that events name: of `use cache`, `unstable_cache`, `fetch`, and of pages made with them.
 * @example createTwin({ stores, revalidate });
 */
export const revalidate: Revalidate = createRevalidate();
