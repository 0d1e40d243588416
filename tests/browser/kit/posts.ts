import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTwin, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { Post } from "../app/state/post.js";

/** Makes a file with posts, as an app has it that was there before. */
export async function postsFile(...keys: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "twinstate-posts-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "posts.db");
  const twin = createTwin({ name: file, stores: { post: scope.room(Post, { allow: () => true }) }, storage: sqlite(file), revalidate: () => {} });
  for (const key of keys) await twin.post(key).write(`first ${key}`);
  await twin.close();
  return file;
}
