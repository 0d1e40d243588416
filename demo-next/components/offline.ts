const CHOICE = "offline";

/** Whether this browser keeps the demo for times without a network, as its visitor has chosen on the to-do page. */
export const isOffline = () => typeof window !== "undefined" && localStorage.getItem(CHOICE) === "on";

/** Keeps what brings the pages: a service worker, with the files and the page that were loaded before it. */
export async function keepPages(): Promise<void> {
  await navigator.serviceWorker.register("/sw.js");
  await navigator.serviceWorker.ready;
  const files = await caches.open("twinstate-files");
  const keep = async (name: string) => (await files.match(name)) ?? files.add(name);
  // A file that was requested before the worker took over may come after that.
  const loaded = new PerformanceObserver((list) => {
    for (const { name } of list.getEntries()) if (name.includes("/_next/static/")) keep(name).catch(() => {});
  });
  loaded.observe({ type: "resource", buffered: true });
  await (await caches.open("twinstate-pages")).add(location.href);
}

/** Turns it on or off, for this browser and from the next page on. */
export async function chooseOffline(on: boolean): Promise<void> {
  if (on) localStorage.setItem(CHOICE, "on");
  else {
    localStorage.removeItem(CHOICE);
    for (const worker of await navigator.serviceWorker.getRegistrations()) await worker.unregister();
    for (const name of await caches.keys()) await caches.delete(name);
    for (const { name } of await indexedDB.databases()) if (name) indexedDB.deleteDatabase(name);
  }
  location.reload();
}
