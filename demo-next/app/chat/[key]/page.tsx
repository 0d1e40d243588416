import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { Chat } from "../../../components/chat/chat";
import { TwinPreload } from "../../../state/client";
import { isKey } from "../../../state/key";
import { twin } from "../../../state/server";

interface Props {
  params: Promise<{ key: string }>;
}

export const metadata: Metadata = { title: "Chat" };

export default async function Page({ params }: Props) {
  const { key } = await params;
  if (!isKey(key)) notFound();
  return (
    <TwinPreload state={await twin.preload({ chat: key })}>
      <Chat id={key} />
    </TwinPreload>
  );
}
