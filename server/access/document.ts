/** Whether a browser asks for a page to show: not for data, a script, or a part of a page. */
export function asksForPage(headers: Headers): boolean {
  if (headers.has("rsc") || headers.has("next-router-prefetch") || headers.get("purpose") === "prefetch") return false;
  const wanted = headers.get("sec-fetch-dest");
  return wanted === null ? (headers.get("accept") ?? "").includes("text/html") : wanted === "document" || wanted === "iframe";
}
