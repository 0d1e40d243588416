import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { Poll } from "../../../components/poll/poll";
import { TwinPreload } from "../../../state/client";
import { twin } from "../../../state/server";

interface Props {
  params: Promise<{ id: string }>;
}

export const metadata: Metadata = { title: "Poll" };

export default async function Page({ params }: Props) {
  const { id } = await params;
  return (
    <TwinPreload state={await twin.preload({ poll: id }, { refused: notFound })}>
      <Poll id={id} />
    </TwinPreload>
  );
}
