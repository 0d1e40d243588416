import { notFound } from "next/navigation";
import { Suspense } from "react";
import { Chat } from "@/components/chat";
import { TwinPreload } from "@/state/client";
import { twin } from "@/state/server";

interface Props {
  params: Promise<{ id: string }>;
}

export default function Page({ params }: Props) {
  return (
    <Suspense fallback={<main className="flex-1" />}>
      <Room params={params} />
    </Suspense>
  );
}

async function Room({ params }: Props) {
  const { id } = await params;
  const preloaded = await twin.preload({ rooms: true });
  const { list } = await twin.rooms().$snapshot();
  const room = list.find((each) => each.id === id);
  if (!room) notFound();
  return (
    <TwinPreload state={preloaded}>
      <TwinPreload state={await twin.preload({ room: id })}>
        <Chat id={id} title={room.title} />
      </TwinPreload>
    </TwinPreload>
  );
}
