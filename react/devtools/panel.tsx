import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useState, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { EventsTab } from "./events.js";
import { NetworkTab } from "./network.js";
import { PredictionsTab } from "./predictions.js";
import type { DevtoolsRecorder } from "./recorder.js";
import { StateTab } from "./state.js";
import { css } from "./style.js";

/** Events that the page must not see, as it may have shortcuts, and dialogs that close on a click beside them. */
const OWN = ["keydown", "keyup", "keypress", "pointerdown", "pointerup", "mousedown", "mouseup", "click", "focusin", "focusout", "wheel"];

/** Shows the panel, under a root and with styles of its own, until the returned function is called. */
export function mountPanel(recorder: DevtoolsRecorder, corner: "left" | "right"): () => void {
  const host = document.createElement("twinstate-devtools");
  const shadow = host.attachShadow({ mode: "open" });
  // No policy for contents forbids these, as it may `<style>`.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  shadow.adoptedStyleSheets = [sheet];
  for (const name of OWN) host.addEventListener(name, (event) => event.stopPropagation());
  // The panel stands outside the body, which dialogs make inert.
  document.documentElement.append(host);
  const root = createRoot(shadow);
  const focus = (selector: string) => setTimeout(() => shadow.querySelector<HTMLElement>(selector)?.focus());
  root.render(<Panel recorder={recorder} corner={corner} focus={focus} />);
  return () => {
    host.remove();
    // Later, as React may be at work.
    setTimeout(() => root.unmount());
  };
}

const TABS = { State: StateTab, Events: EventsTab, Network: NetworkTab, Predictions: PredictionsTab } as const;
type TabName = keyof typeof TABS;
const NAMES = Object.keys(TABS) as TabName[];
const SELECTED = '[aria-selected="true"]';

interface PanelProps {
  recorder: DevtoolsRecorder;
  corner: "left" | "right";
  /** Focuses an element after the next render. */
  focus(selector: string): void;
}

function Panel({ recorder, corner, focus }: PanelProps): ReactNode {
  const [{ open, tab, height }, keep] = useKept();
  useSyncExternalStore(recorder.subscribe, () => recorder.version);
  const toggle = (open: boolean) => {
    keep({ open });
    focus(open ? SELECTED : ".open");
  };
  useRoom(open ? height : 0);
  const { status, pending } = recorder.inspection.status.current;
  const faults = recorder.inspection.network?.faults;
  const spoiled = faults && (faults.offline || faults.latency > 0 || faults.loss > 0);
  if (!open)
    return (
      <button type="button" className="open" data-corner={corner} aria-label="Open the twinstate devtools" onClick={() => toggle(true)}>
        <span className="dot" data-status={status} /> twin{pending > 0 && ` · ${pending}`}
        {spoiled && " ⚠"}
      </button>
    );
  const Tab = TABS[tab];
  return (
    <section
      className="panel"
      aria-label="twinstate devtools"
      style={{ height }}
      onKeyDown={({ key }) => {
        if (key === "Escape") toggle(false);
      }}
    >
      <Resizer height={height} resize={(height) => keep({ height })} />
      <header>
        <Tabs
          selected={tab}
          select={(tab) => {
            keep({ tab });
            focus(SELECTED);
          }}
        />
        <span className="about">
          <span className="dot" data-status={status} /> {status}
          {pending > 0 && ` · ${pending} pending`}
          {spoiled && " · with faults"}
        </span>
        <button type="button" aria-label="Close the twinstate devtools" onClick={() => toggle(false)}>
          ✕
        </button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keys too */}
      <div role="tabpanel" id="tab" aria-label={tab} className="tab" tabIndex={0}>
        <Tab recorder={recorder} />
      </div>
    </section>
  );
}

function Tabs({ selected, select }: { selected: TabName; select(tab: TabName): void }): ReactNode {
  const move = ({ key }: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (step) select(NAMES[(NAMES.indexOf(selected) + step + NAMES.length) % NAMES.length] as TabName);
  };
  return (
    <div role="tablist" aria-label="Devtools" onKeyDown={move}>
      {NAMES.map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          aria-selected={name === selected}
          aria-controls="tab"
          tabIndex={name === selected ? 0 : -1}
          onClick={() => select(name)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}

function Resizer({ height, resize }: { height: number; resize(height: number): void }): ReactNode {
  const to = (height: number) => resize(Math.round(Math.min(Math.max(height, LOWEST), innerHeight - 40)));
  const drag = ({ buttons, clientY }: PointerEvent) => {
    if (buttons > 0) to(innerHeight - clientY);
  };
  const move = ({ key }: KeyboardEvent) => {
    const step = { ArrowUp: 20, ArrowDown: -20 }[key];
    if (step) to(height + step);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: one that can be moved is no `hr`
    <div
      role="separator"
      aria-label="Height"
      aria-orientation="horizontal"
      aria-valuenow={height}
      aria-valuemin={LOWEST}
      tabIndex={0}
      className="resizer"
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={move}
    />
  );
}

const LOWEST = 120;

/** Makes the page longer by what the panel covers of it. */
function useRoom(height: number): void {
  useEffect(() => {
    if (height === 0) return;
    const { style } = document.documentElement;
    const before = style.paddingBottom;
    style.paddingBottom = `${height}px`;
    return () => {
      style.paddingBottom = before;
    };
  }, [height]);
}

interface Kept {
  readonly open: boolean;
  readonly tab: TabName;
  readonly height: number;
}

const PLACE = "twinstate.devtools";

/** How the panel stands, for as long as the browser's tab is open. */
function useKept(): [Kept, (change: Partial<Kept>) => void] {
  const [kept, setKept] = useState(load);
  useEffect(() => {
    try {
      sessionStorage.setItem(PLACE, JSON.stringify(kept));
    } catch {
      // A page may have no session storage.
    }
  }, [kept]);
  return [kept, (change) => setKept((kept) => ({ ...kept, ...change }))];
}

function load(): Kept {
  const kept: Kept = { open: false, tab: "State", height: 320 };
  try {
    const { open, tab, height } = JSON.parse(sessionStorage.getItem(PLACE) ?? "{}") as Partial<Kept>;
    return { open: open === true, tab: tab !== undefined && tab in TABS ? tab : kept.tab, height: height ?? kept.height };
  } catch {
    return kept;
  }
}
