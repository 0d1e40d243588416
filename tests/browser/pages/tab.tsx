import { Suspense, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { ConnectionStatus, createHooks } from "twinstate/react";

interface Twin {
  readonly "~stores": { draft: new () => { tab: string; lines: string[]; add(line: string): void } };
  readonly "~models": {};
}
const { TwinProvider, useDraft } = createHooks<Twin>();

/** Shows which tab the server takes this page for, and the tab's own store. */
function Draft() {
  const draft = useDraft();
  const { tab } = draft;
  useEffect(() => {
    if (tab !== "" && location.pathname.startsWith("/prerender")) void prerender(tab);
  }, [tab]);
  return (
    <>
      <output aria-label="Tab">{tab}</output>
      <button type="button" onClick={() => draft.add(`line ${draft.lines.length + 1}`)}>
        Add
      </button>
      <ul>
        {draft.lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </>
  );
}

const tell = (what: string) => fetch(`/api/twin/health?${what}`);

// Tells the test that the page runs before it is shown, and has had the time to connect.
if ((document as { prerendering?: boolean }).prerendering) setTimeout(() => tell("prerendered"), 500);

/** Tells the test which tab the page is, and then has the browser prerender another page, and shows that. */
async function prerender(tab: string): Promise<void> {
  await tell(tab);
  if (location.pathname !== "/prerenders") return;
  const rules = document.createElement("script");
  rules.type = "speculationrules";
  rules.text = JSON.stringify({ prerender: [{ urls: ["/prerendered"], eagerness: "immediate" }] });
  document.body.append(rules);
  setTimeout(() => location.assign("/prerendered"), 4000);
}

createRoot(document.querySelector("main") as HTMLElement).render(
  <TwinProvider onError={() => {}}>
    <ConnectionStatus />
    <Suspense>
      <Draft />
    </Suspense>
  </TwinProvider>,
);
