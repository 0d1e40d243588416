import { vi } from "vitest";
import { PATIENCE } from "./patience.js";

/** Waits until a check passes. Returns its result. */
export const soon = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, { timeout: PATIENCE });

/** Waits until a condition holds. Returns its value. */
export const until = <T>(holds: () => T | Promise<T>): Promise<T> => vi.waitUntil(holds, { timeout: PATIENCE }) as Promise<T>;
