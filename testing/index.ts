export { type StorageCase, storageContract } from "./storage.js";
