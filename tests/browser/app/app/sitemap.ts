import type { MetadataRoute } from "next";
import { posts } from "../state/posts";

export default async function sitemap(): Promise<MetadataRoute.Sitemap> {
  const pages: MetadataRoute.Sitemap = [];
  for await (const key of posts.post.keys()) pages.push({ url: `https://app.example/posts-list/${key}` });
  return pages;
}
