import { pageFiles } from "./files";
import { pageTree } from "./tree";

/** Pages for whoever builds with twinstate, in the order of the sidebar: neither how it is built, nor its history. */
const LEFT_OUT =
  /^(docs\/(ARCHITECTURE|ROADMAP|DEMO|FAULTS|PROTOCOL|COMPARISON)\.md|CHANGELOG\.md|CONTRIBUTING\.md|CODE_OF_CONDUCT\.md|bench\/.*|docs\/errors\/.*)$/;

function inOrder() {
  const byUrl = new Map([...pageFiles().values()].map((page) => [page.url, page]));
  const urls = pageTree().children.flatMap((node) => {
    if (node.type === "page") return [node.url];
    return node.type === "folder" ? [node.index?.url ?? "", ...node.children.flatMap((child) => (child.type === "page" ? [child.url] : []))] : [];
  });
  return [...new Set(urls)].flatMap((url) => byUrl.get(url) ?? []);
}

/** llms.txt: one line for each page. */
export function llmsIndex(origin: string): string {
  const lines = inOrder()
    .filter(({ file }) => !/^docs\/errors\/(?!README)/.test(file))
    .map(({ title, url, description }) => `- [${title}](${origin}${url}): ${description}`);
  return `# twinstate\n\n> State classes that run on the server, mirrored live in every browser. For Next.js and React, on MobX and tRPC.\n\nAll pages as one text: [llms-full.txt](${origin}/llms-full.txt)\n\n${lines.join("\n")}\n`;
}

/** llms-full.txt: the README and the pages of users, as one text. */
export function llmsFull(): string {
  const readme = pageFiles().get("README.md");
  const pages = inOrder().filter(({ file }) => !LEFT_OUT.test(file) && file !== "README.md" && file !== "docs/README.md");
  return [readme, ...pages].flatMap((page) => (page ? [`<!-- ${page.file} -->\n\n${page.text.trim()}\n`] : [])).join("\n\n");
}
