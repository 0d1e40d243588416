export type { ExportedStore, Whose } from "./data.js";
export type {
  CurrentTools,
  Handle,
  Remote,
  RemoteBase,
  RemoteStore,
  RoomHandle,
  RoomTools,
  SessionHandle,
  SharedHandle,
  TabHandle,
  UserHandle,
} from "./handle.js";
export type { Handler } from "./handler.js";
export type { MigrationFailure, MigrationReport } from "./migration.js";
export type { PageProps, PreloadData, PreloadedStore, PreloadOptions } from "./preload.js";
export type { CommitRecord, EventRecord, HostRecord, NumberRecord, StoreDelta, StoreRecord } from "./record.js";
export { compact } from "./record.js";
export type { Input, Output, Procedure, Procedures, RouterTypes, TwinRecord, TwinRouter, WireError } from "./router.js";
export {
  type KindOf,
  type ModelClass,
  type Models,
  type RoomOptions,
  type Scoped,
  type ScopeKind,
  type Scopes,
  type SharedOptions,
  type StoreClass,
  type StoreOf,
  type Stores,
  scope,
} from "./scope.js";
export type { SessionOptions } from "./session.js";
export type { AttachOptions } from "./socket.js";
export { memory } from "./storage/memory.js";
export type { HostEntry, Loaded, Storage } from "./storage.js";
export { attach, createTwin, type LogEntry, type Preload, type TwinApp, type TwinOptions, type TwinServer } from "./twin.js";
