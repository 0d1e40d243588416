import { Suspense } from "react";
import { Notes } from "../components/notes";
import { TwinPreload } from "../state/client";
import { twin } from "../state/server";

export default function Page() {
  return (
    <Suspense fallback={<p>Loading</p>}>
      <Mine />
    </Suspense>
  );
}

async function Mine() {
  return (
    <TwinPreload state={await twin.preload({ notes: true })}>
      <Notes name="home" />
    </TwinPreload>
  );
}
