import { connection } from "next/server";
import { Suspense } from "react";
import { twin } from "../../state/server";

/** What an app must not do. */
export default function Page() {
  return (
    <Suspense fallback={<p>Loading</p>}>
      <Wrong />
    </Suspense>
  );
}

async function Wrong() {
  await connection();
  return <p>{await count()}</p>;
}

async function count() {
  "use cache";
  await twin.preload({ notes: true });
  return 1;
}
