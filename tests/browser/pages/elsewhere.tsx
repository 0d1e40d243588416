import { Suspense } from "react";
import { createRoot } from "react-dom/client";
import { createHooks } from "twinstate/react";

interface Twin {
  readonly "~stores": { note: new () => { lines: string[]; add(line: string): void } };
  readonly "~models": {};
}
const { TwinProvider, useNote } = createHooks<Twin>();

function Note() {
  const note = useNote();
  return (
    <>
      <button type="button" onClick={() => note.add(`line ${note.lines.length + 1}`)}>
        Add
      </button>
      <ul>
        {note.lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </>
  );
}

// The twin's route is of another origin than this page.
createRoot(document.querySelector("main") as HTMLElement).render(
  <TwinProvider url={decodeURIComponent(location.hash.slice(1))}>
    <Suspense>
      <Note />
    </Suspense>
  </TwinProvider>,
);
