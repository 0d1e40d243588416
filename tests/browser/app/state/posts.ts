import { revalidate } from "twinstate/next";
import { createTwin, memory, scope } from "twinstate/server";
import { sqlite } from "twinstate/server/sqlite";
import { Post } from "./post";

/** Posts are a twin of their own, whose storage a build may read. */
export const posts = createTwin({
  name: "posts",
  stores: { post: scope.room(Post, { allow: () => true }) },
  storage: process.env.POSTS_FILE ? sqlite(process.env.POSTS_FILE) : memory(),
  revalidate,
});

/** All posts, as a list of texts. */
export async function listPosts(): Promise<string[]> {
  const titles: string[] = [];
  for await (const key of posts.post.keys()) titles.push(`${key}: ${(await posts.post(key).$snapshot()).title}`);
  return titles.sort();
}
