import { Suspense } from "react";
import { posts } from "../../../state/posts";

interface Props {
  params: Promise<{ key: string }>;
}

/** The posts that are there when the app is built, and one that is not. */
export async function generateStaticParams() {
  const params = [{ key: "none" }];
  for await (const key of posts.post.keys()) params.push({ key });
  return params;
}

export default function Page({ params }: Props) {
  return (
    <Suspense fallback={<p>Loading</p>}>
      <Keyed params={params} />
    </Suspense>
  );
}

async function Keyed({ params }: Props) {
  return <p>The post {(await params).key}</p>;
}
