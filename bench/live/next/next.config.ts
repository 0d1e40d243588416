import { join } from "node:path";
import type { NextConfig } from "next";

const config: NextConfig = {
  // The library is linked from there.
  turbopack: { root: join(import.meta.dirname, "../../..") },
  poweredByHeader: false,
};

export default config;
