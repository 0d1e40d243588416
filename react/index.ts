"use client";

export { type EventHookOptions, type EventState, useEvent } from "./event.js";
export { type CheckedField, type Field, type FieldOf, useField } from "./field.js";
export { type By, For, type ForProps } from "./for.js";
export { createHooks, type HookOf, type HookOptions, type Hooks, type StoreView, type UseLive, type UseRoom, type UseStore } from "./hooks.js";
export { type LocalInit, useLocal } from "./local.js";
export { isPending } from "./pending.js";
export type { TwinPreloadComponent } from "./preload.js";
export { usePresence } from "./presence.js";
export type { TwinProviderComponent, TwinProviderProps } from "./provider.js";
export { ConnectionStatus, type ConnectionStatusProps, useConnection } from "./status.js";
