import { act, createElement, type ReactNode } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import { expect } from "vitest";
import type { Client } from "../../../client/client.js";
import { ClientContext } from "../../../react/context.js";
import type { Rendered } from "./server.js";

const roots = new Set<Root>();

export interface Page {
  readonly element: HTMLElement;
  readonly text: string;
  render(app: ReactNode): Promise<void>;
  unmount(): Promise<void>;
}

const within = (client: Client, app: ReactNode) => createElement(ClientContext, { value: client }, app);

/** Shows an app whose hooks use this client. */
export async function show(client: Client, app: ReactNode): Promise<Page> {
  const element = document.body.appendChild(document.createElement("main"));
  return open(createRoot(element, { onCaughtError: () => {} }), element, client, app);
}

/** Makes a server's HTML a page. `before`: what happens to it before its code has come. */
export async function hydrate(client: Client, html: string, app: ReactNode, before?: (element: HTMLElement) => void): Promise<Page> {
  const element = document.body.appendChild(document.createElement("main"));
  element.innerHTML = html;
  before?.(element);
  let root: Root | undefined;
  await act(async () => {
    root = hydrateRoot(element, within(client, app), {
      onCaughtError: () => {},
      onRecoverableError(error) {
        // As Next does.
        if ((error as { digest?: string }).digest !== "BAILOUT_TO_CLIENT_SIDE_RENDERING") console.error(error);
      },
    });
  });
  return open(root as Root, element, client);
}

/** What a server sends: rendered where there is no window, with a client of its own. */
export async function serverHtml(page: string, props: object = {}): Promise<string> {
  const worker = new Worker(new URL("./server.ts", import.meta.url), { type: "module" });
  try {
    const { html, complaints } = await new Promise<Rendered>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Rendered>) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage({ page, props });
    });
    expect(complaints).toEqual([]);
    return html;
  } finally {
    worker.terminate();
  }
}

async function open(root: Root, element: HTMLElement, client: Client, app?: ReactNode): Promise<Page> {
  roots.add(root);
  const page: Page = {
    element,
    get text() {
      return element.textContent ?? "";
    },
    render: (next) => act(async () => root.render(within(client, next))),
    unmount: () =>
      act(async () => {
        roots.delete(root);
        root.unmount();
      }),
  };
  if (app !== undefined) await page.render(app);
  return page;
}

/** Ends all pages. */
export async function clean(): Promise<void> {
  await act(async () => {
    for (const root of roots) root.unmount();
  });
  roots.clear();
  document.body.replaceChildren();
  counts.clear();
}

const counts = new Map<string, number>();

/** Counts renders. A hook, as the compiler may keep any other call from running again. */
export function useCount(name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** How often a component has rendered since this was last asked. */
export function renders(name: string): number {
  const count = counts.get(name) ?? 0;
  counts.delete(name);
  return count;
}

/** Waits until a check passes. */
export { soon } from "../../kit/soon.js";
