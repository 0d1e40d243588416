import { connection } from "next/server";
import { Suspense } from "react";
import { Notes } from "../../../components/notes";
import { TwinPreload } from "../../../state/client";
import { gate } from "../../../state/gates";
import { twin } from "../../../state/server";

interface Props {
  params: Promise<{ gate: string }>;
}

/** Two parts with the same store: one at once, one when its gate is opened. */
export default function Page({ params }: Props) {
  return (
    <>
      <Suspense fallback={<p>Loading the first</p>}>
        <Part name="first" />
      </Suspense>
      <Suspense fallback={<p>Loading the second</p>}>
        <Part name="second" params={params} />
      </Suspense>
    </>
  );
}

async function Part({ name, params }: { name: string; params?: Props["params"] }) {
  await connection();
  if (params) await gate((await params).gate).opened;
  return (
    <TwinPreload state={await twin.preload({ notes: true })}>
      <Notes name={name} />
    </TwinPreload>
  );
}
