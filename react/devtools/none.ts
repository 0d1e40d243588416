"use client";

import type { TwinDevtoolsProps } from "./index.js";

/** The devtools in production: nothing. */
export const TwinDevtools = (_: TwinDevtoolsProps): null => null;
