import { join } from "node:path";
import type { NextConfig } from "next";

const cached = process.env.CACHE_COMPONENTS === "1";

const config: NextConfig = {
  turbopack: { root: join(import.meta.dirname, "../../..") },
  distDir: process.env.DIST,
  reactCompiler: process.env.REACT_COMPILER !== "0",
  cacheComponents: cached,
  // Pages that say `use cache` are there alone where that is on.
  pageExtensions: cached ? ["cached.tsx", "tsx", "ts"] : ["tsx", "ts"],
  devIndicators: false,
};

export default config;
