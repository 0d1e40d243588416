import { CodeBlock, Pre } from "fumadocs-ui/components/codeblock";
import { DocsBody, DocsPage, DocsTitle } from "fumadocs-ui/layouts/docs/page";
import defaultComponents from "fumadocs-ui/mdx";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import type { ComponentProps } from "react";
import { type PageFile, pageFiles } from "@/content/files";
import { outlineOf, rendererOf } from "@/content/markdown";

interface Props {
  params: Promise<{ slug?: string[] }>;
}

const SECTIONS = { role: "navigation", "aria-label": "On this page" };

export const dynamicParams = false;

async function pageOf({ params }: Props): Promise<PageFile> {
  const url = `/${((await params).slug ?? []).join("/")}`;
  for (const page of pageFiles().values()) if (page.url === url) return page;
  notFound();
}

export function generateStaticParams() {
  return [...pageFiles().values()].map(({ url }) => ({ slug: url.split("/").filter(Boolean) }));
}

export async function generateMetadata(props: Props): Promise<Metadata> {
  const { title, description } = await pageOf(props);
  return { title, description };
}

/** A block of code. It is a landmark of the page, and each needs a name of its own. */
function Code({ ref: _, number, ...props }: ComponentProps<"pre"> & { number: number }) {
  return (
    <CodeBlock {...props} viewportProps={{ "aria-label": `Block ${number}: ${props.title ?? "code"}` }}>
      <Pre>{props.children}</Pre>
    </CodeBlock>
  );
}

/** A table, which can be scrolled by keyboard where it is wider than the page. */
function Table(props: ComponentProps<"table">) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus
    <div tabIndex={0} className="prose-no-margin my-6 overflow-auto">
      <table {...props} />
    </div>
  );
}

/** A picture of the docs, as it is. */
function Picture({ alt = "", src }: { alt?: string; src?: string | Blob }) {
  // biome-ignore lint/performance/noImgElement: the export optimises no pictures
  return <img alt={alt} src={src as string} loading="lazy" />;
}

export default async function Page(props: Props) {
  const page = await pageOf(props);
  const { toc } = await outlineOf(page);
  const Body = rendererOf(page);
  let blocks = 0;
  const pre = (props: ComponentProps<"pre">) => <Code {...props} number={++blocks} />;
  return (
    <DocsPage toc={toc} tableOfContent={{ container: SECTIONS }}>
      <DocsTitle>{page.title}</DocsTitle>
      <DocsBody>
        <Body components={{ ...defaultComponents, img: Picture, pre, table: Table } as never}>{page.text}</Body>
      </DocsBody>
    </DocsPage>
  );
}
