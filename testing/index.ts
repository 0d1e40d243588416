export { lasting } from "./lasting.js";
export type { KillPoint } from "./life.js";
export type { Fault } from "./network.js";
export { type Net, type PairOptions, pair } from "./pair.js";
export { type StorageCase, storageContract } from "./storage.js";
