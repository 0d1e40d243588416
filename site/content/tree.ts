import type { Item, Node, Root } from "fumadocs-core/page-tree";
import { pageFiles, resolveLink } from "./files";

const INDEX = "docs/README.md";

/** The sidebar: the headings and links of docs/README.md, in its order. Pages that it does not name stand at the end, those of a folder together. */
export function pageTree(): Root {
  const pages = pageFiles();
  const index = pages.get(INDEX);
  if (!index) throw new Error(`${INDEX} is missing: it is the order of the pages.`);
  const left = new Map([...pages.values()].map((page) => [page.url, page]));
  const children: Node[] = [{ type: "page", name: "Overview", url: "/" }];
  left.delete("/");
  const add = (name: string, url: string) => {
    const inside = [...left.values()].filter((page) => page.url.startsWith(`${url}/`));
    for (const page of [{ url }, ...inside]) left.delete(page.url);
    const item: Item = { type: "page", name, url };
    const items = inside.map((page): Item => ({ type: "page", name: page.title, url: page.url }));
    children.push(items.length > 0 ? { type: "folder", name, index: item, children: items } : item);
  };
  for (const line of index.text.split("\n")) {
    const [, heading] = /^## (.*)$/.exec(line) ?? [];
    if (heading) children.push({ type: "separator", name: heading });
    const [, name, href = ""] = /^(?:\||-) \[([^\]]+)\]\(([^)]+)\)/.exec(line) ?? [];
    const url = name && resolveLink(INDEX, href);
    if (name && url && left.has(url)) add(name, url);
  }
  if (left.size > 0) children.push({ type: "separator", name: "More" });
  for (const { title, url } of left.values()) if (left.has(url)) add(title, url);
  return { name: "twinstate", children };
}
