import { createMarkdownRenderer } from "fumadocs-core/content/md";
import { rehypeCode, remarkGfm, remarkHeading, remarkStructure, type StructuredData } from "fumadocs-core/mdx-plugins";
import type { TOCItemType } from "fumadocs-core/toc";
import type { Root } from "mdast";
import { remark } from "remark";
import { visit } from "unist-util-visit";
import { type PageFile, resolveLink } from "./files";

const base = process.env.SITE_BASE_PATH ?? "";

/** Links between files become links between pages, those to other files of the repository become text, the title goes, and the path in the first line of a block becomes the block's title. */
function remarkPage({ file }: PageFile) {
  return (tree: Root) => {
    const first = tree.children.findIndex((node) => node.type === "heading" && node.depth === 1);
    if (first >= 0) tree.children.splice(first, 1);
    visit(tree, (node, at, parent) => {
      if (node.type === "link" || node.type === "definition") {
        const url = resolveLink(file, node.url);
        if (url !== undefined) node.url = url;
        else if (node.type === "link" && parent && at !== undefined) parent.children.splice(at, 1, ...node.children);
      }
      if (node.type === "image") node.url = base + resolveLink(file, node.url);
      if (node.type !== "code") return;
      const [, title, rest] = /^\/\/ ((?:[\w.[\]()@-]+\/)*[\w.[\]-]+\.(?:tsx?|mjs|json)(?:[:,] [^\n]*)?)\n([\s\S]*)$/.exec(node.value) ?? [];
      if (!title || !rest) return;
      node.meta = `title=${JSON.stringify(title.replaceAll('"', "'"))}`;
      node.value = rest;
    });
  };
}

/** Comments of the light theme are too light on the grey of a block. */
const DARKER = { "github-light-high-contrast": { "#66707b": "#57606a" } };

/** Renders a page's text: the component of its body. */
export function rendererOf(page: PageFile) {
  return createMarkdownRenderer({
    remarkPlugins: [remarkGfm, [remarkPage, page], remarkHeading],
    rehypePlugins: [
      [rehypeCode, { themes: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" }, fallbackLanguage: "text", colorReplacements: DARKER }],
    ],
  }).MarkdownServer;
}

/** A page's headings, and its text for the search. */
export async function outlineOf(page: PageFile): Promise<{ toc: TOCItemType[]; structure: StructuredData }> {
  const file = await remark()
    .use(remarkGfm)
    .use(remarkPage, page)
    .use(remarkHeading)
    .use(remarkStructure, { types: ["heading", "paragraph", "blockquote", "tableRow"] })
    .process(page.text);
  return { toc: (file.data.toc ?? []) as TOCItemType[], structure: file.data.structuredData as StructuredData };
}
