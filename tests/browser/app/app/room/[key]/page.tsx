import { notFound } from "next/navigation";
import { Suspense } from "react";
import { Room } from "../../../components/room";
import { TwinPreload } from "../../../state/client";
import { twin } from "../../../state/server";

interface Props {
  params: Promise<{ key: string }>;
}

export default function Page({ params }: Props) {
  return (
    <Suspense fallback={<p>Loading</p>}>
      <Keyed params={params} />
    </Suspense>
  );
}

async function Keyed({ params }: Props) {
  const { key } = await params;
  return (
    <TwinPreload state={await twin.preload({ room: key }, { refused: notFound })}>
      <Room name={key} />
    </TwinPreload>
  );
}
