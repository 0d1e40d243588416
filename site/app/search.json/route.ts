import { createSearchAPI } from "fumadocs-core/search/server";
import { pageFiles } from "@/content/files";
import { outlineOf } from "@/content/markdown";

export const dynamic = "force-static";

/** Pages of numbers and history, which would be found by every word. */
const LEFT_OUT = /^(CHANGELOG|bench\/.*)\.md$/;

/** The index of the search, made when the site is built. */
export const { staticGET: GET } = createSearchAPI("advanced", {
  indexes: () =>
    Promise.all(
      [...pageFiles().values()]
        .filter(({ file }) => !LEFT_OUT.test(file))
        .map(async (page) => ({
          id: page.url,
          url: page.url,
          title: page.title,
          description: page.description,
          structuredData: (await outlineOf(page)).structure,
        })),
    ),
});
