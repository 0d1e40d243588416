import type { Metadata } from "next";
import { Polls } from "../../components/poll/polls";
import { TwinPreload } from "../../state/client";
import { twin } from "../../state/server";

export const metadata: Metadata = { title: "Polls" };

export default async function Page() {
  return (
    <TwinPreload state={await twin.preload({ polls: true })}>
      <Polls />
    </TwinPreload>
  );
}
