import { cacheTag } from "next/cache";
import { listPosts } from "../../state/posts";

/** The same by `use cache`. */
export default async function Page() {
  return <p>Posts: {(await list()).join(", ")}.</p>;
}

async function list() {
  "use cache";
  cacheTag("posts");
  return listPosts();
}
