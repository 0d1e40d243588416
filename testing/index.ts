export { lasting } from "./lasting.js";
export type { KillPoint } from "./life.js";
export type { Net, PairOptions } from "./net.js";
export type { Fault } from "./network.js";
export { pair } from "./pair.js";
export { type StorageCase, storageContract } from "./storage.js";
