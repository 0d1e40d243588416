import type { Metadata } from "next";
import { Ticker } from "../../components/ticker/ticker";
import { TwinPreload } from "../../state/client";
import { twin } from "../../state/server";

export const metadata: Metadata = { title: "Ticker" };

export default async function Page() {
  return (
    <TwinPreload state={await twin.preload({ ticker: true })}>
      <Ticker />
    </TwinPreload>
  );
}
