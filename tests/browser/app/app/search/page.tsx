import { Suspense } from "react";
import { Results } from "../../components/results";
import { TwinPreload } from "../../state/client";
import { twin } from "../../state/server";

interface Props {
  params: Promise<object>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default function Page(props: Props) {
  return (
    <Suspense fallback={<p>Loading</p>}>
      <Found {...props} />
    </Suspense>
  );
}

async function Found({ searchParams }: Props) {
  return (
    <TwinPreload state={await twin.preload({ results: { search: searchParams } })}>
      <Results />
    </TwinPreload>
  );
}
