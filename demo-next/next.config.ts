import { join } from "node:path";
import type { NextConfig } from "next";

const config: NextConfig = {
  // The library is linked from the parent folder.
  turbopack: { root: join(import.meta.dirname, "..") },
  reactCompiler: process.env.REACT_COMPILER !== "0",
  poweredByHeader: false,
  devIndicators: false,
};

export default config;
