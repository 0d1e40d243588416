import { vi } from "vitest";
import { PATIENCE } from "./patience.js";

/** Waits until a check passes. Returns its result. */
export const soon = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, { timeout: PATIENCE });
