export { lasting } from "./lasting.js";
export type { KillPoint } from "./life.js";
export type { Net, PairOptions } from "./net.js";
export type { Fault } from "./network.js";
export { type NodeCase, nodeContract } from "./node-cases.js";
export { pair } from "./pair.js";
export type { SharedStorage, SharedStorageBug, SharedStorageOptions } from "./shared-storage.js";
export { type StorageCase, storageContract } from "./storage.js";
