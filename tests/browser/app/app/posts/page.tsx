import { unstable_cache } from "next/cache";
import { listPosts, posts } from "../../state/posts";

const cachedPosts = unstable_cache(listPosts, ["posts"], { tags: ["posts"] });

async function write(data: FormData) {
  "use server";
  await posts.post("action").write(String(data.get("title")));
}

/** A page that is made once, until an event of a post says that it is old. */
export default async function Page() {
  return (
    <>
      <p>Posts: {(await cachedPosts()).join(", ")}.</p>
      <form action={write}>
        <input name="title" />
      </form>
    </>
  );
}
