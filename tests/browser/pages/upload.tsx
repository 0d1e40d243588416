import { Suspense, useState } from "react";
import { createRoot } from "react-dom/client";
import { createHooks, useEvent } from "twinstate/react";

interface Desk {
  bytes: number;
  take(file: File): Promise<number>;
}
interface Twin {
  readonly "~stores": { desk: new () => Desk };
  readonly "~models": {};
}
const { TwinProvider, useDesk } = createHooks<Twin>();

function Upload() {
  const desk = useDesk();
  const [take, { pending, progress, value, error, cancel }] = useEvent(desk.take);
  const [seen, setSeen] = useState<number[]>([]);
  if (progress !== undefined && seen.at(-1) !== progress) setSeen([...seen, progress]);
  return (
    <>
      <input type="file" onChange={({ target }) => target.files?.[0] && take(target.files[0])} />
      <button type="button" onClick={cancel}>
        Cancel
      </button>
      <output>{pending ? "pending" : (error?.message ?? value ?? "idle")}</output>
      <p>{desk.bytes}</p>
      <pre>{JSON.stringify(seen)}</pre>
    </>
  );
}

createRoot(document.querySelector("main") as HTMLElement).render(
  <TwinProvider url={decodeURIComponent(location.hash.slice(1))}>
    <Suspense>
      <Upload />
    </Suspense>
  </TwinProvider>,
);
