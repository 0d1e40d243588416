import { Suspense } from "react";
import { listPosts } from "../../state/posts";

/** The posts of now: the page waits for each request by itself. */
export default function Page() {
  return (
    <Suspense fallback={<p>Loading</p>}>
      <List />
    </Suspense>
  );
}

async function List() {
  return <p>Posts: {(await listPosts()).join(", ")}.</p>;
}
