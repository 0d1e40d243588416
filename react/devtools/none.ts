"use client";

import type { TwinDevtoolsProps } from "./index.js";

/** What bundlers take in production. */
export const TwinDevtools = (_: TwinDevtoolsProps): null => null;
