import type { NextConfig } from "next";

const nextConfig: NextConfig = {
  cacheComponents: true,
  partialPrefetching: true,
  // The Dockerfile sets STANDALONE.
  output: process.env.STANDALONE ? "standalone" : undefined,
};

export default nextConfig;
