import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { Board } from "../../../components/board/board";
import { TwinPreload } from "../../../state/client";
import { isKey } from "../../../state/key";
import { twin } from "../../../state/server";

interface Props {
  params: Promise<{ key: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Board ${(await params).key}` };
}

export default async function Page({ params }: Props) {
  const { key } = await params;
  if (!isKey(key)) notFound();
  return (
    <TwinPreload state={await twin.preload({ board: key })}>
      <Board key={key} name={key} />
    </TwinPreload>
  );
}
