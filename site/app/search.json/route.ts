import { createSearchAPI } from "fumadocs-core/search/server";
import { pageFiles } from "@/content/files";
import { outlineOf } from "@/content/markdown";

export const dynamic = "force-static";

/** The index of the search, made when the site is built. */
export const { staticGET: GET } = createSearchAPI("advanced", {
  indexes: () =>
    Promise.all(
      [...pageFiles().values()].map(async (page) => ({
        id: page.url,
        url: page.url,
        title: page.title,
        description: page.description,
        structuredData: (await outlineOf(page)).structure,
      })),
    ),
});
