import { Suspense } from "react";
import { Room } from "../../components/room";
import { TwinPreload } from "../../state/client";
import { twin } from "../../state/server";

export default function Page() {
  return (
    <Suspense fallback={<p>Loading</p>}>
      <Members />
    </Suspense>
  );
}

async function Members() {
  return (
    <TwinPreload state={await twin.preload({ room: "members" })}>
      <Room name="members" />
    </TwinPreload>
  );
}
