"use client";

export { type CheckedField, type Field, type FieldOf, useField } from "./field.js";
export { type By, For, type ForProps } from "./for.js";
export { createHooks, type HookOf, type HookOptions, type Hooks, type UseLive, type UseRoom, type UseStore } from "./hooks.js";
export type { TwinPreloadComponent } from "./preload.js";
export type { TwinProviderComponent, TwinProviderProps } from "./provider.js";
export { ConnectionStatus, type ConnectionStatusProps, useConnection } from "./status.js";
