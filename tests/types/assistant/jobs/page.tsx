// A server component: two rooms in one page, with their state in the HTML.
import { Suspense } from "react";
import { TwinPreload } from "./client";
import { JobsView } from "./jobs-view";
import { twin } from "./server";

export default function Page() {
  return (
    <Suspense fallback="Loading…">
      <Both />
    </Suspense>
  );
}

async function Both() {
  // ? two rooms of one store: `preload({ jobs: "red" })` takes one key; no array is shown, and `PreloadOf` is not in the API. So two preloads.
  const [red, blue] = await Promise.all([twin.preload({ todo: true, jobs: "red" }), twin.preload({ jobs: "blue" })]);
  return (
    <>
      <TwinPreload state={red}>
        <JobsView team="red" />
      </TwinPreload>
      <TwinPreload state={blue}>
        <JobsView team="blue" />
      </TwinPreload>
    </>
  );
}
