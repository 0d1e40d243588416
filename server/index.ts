export type { SessionOptions } from "./access/session.js";
export type { BroadcastOptions, BroadcastResult } from "./call/broadcast.js";
export type { ExportedStore, KeysOptions, Whose } from "./call/data.js";
export type { HostEffects } from "./call/host-effects.js";
export type { PageProps, PreloadData, PreloadedStore, PreloadOptions } from "./call/preload.js";
export type {
  BroadcastTools,
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
} from "./call/store-handle.js";
export {
  type GuardOptions,
  type KindOf,
  type ModelClass,
  type Models,
  type RoomOptions,
  type Scoped,
  type ScopeKind,
  type Scopes,
  type StoreClass,
  type StoreOf,
  type Stores,
  scope,
} from "./definition/scope.js";
export type { SeenTask } from "./durable/seen-task.js";
export type { AttachOptions } from "./http/attach.js";
export type { Handler } from "./http/fetch-handler.js";
export type { OpenApi, OpenApiOptions } from "./http/openapi.js";
export type { Input, ModelProcedures, Output, Procedure, Procedures, RouterTypes, TwinRecord, TwinRouter, WireError } from "./http/router.js";
export type { Revalidate } from "./revalidate.js";
export type { SeenSchedule } from "./schedule/schedules.js";
export { memory } from "./storage/memory.js";
export type { MigrationFailure, MigrationReport } from "./storage/migration.js";
export type { Claim, Lease, NodeFacts, NodeMember, NodeStorage } from "./storage/nodes.js";
export type {
  CommitRecord,
  EventRecord,
  HostRecord,
  KeptSchedules,
  NumberRecord,
  ScheduleChanges,
  ScheduleRecord,
  StoreDelta,
  StoreRecord,
} from "./storage/records.js";
export { compact, dueOf } from "./storage/records.js";
export type { DueHost, HostEntry, LoadedHost, Storage } from "./storage/storage.js";
export type {
  KeptAnswer,
  KeptError,
  KeptOutcome,
  KeptTasks,
  TaskCaller,
  TaskChange,
  TaskChanges,
  TaskError,
  TaskRecord,
  TaskWait,
} from "./storage/task-records.js";
export { attach, createTwin, type Preload, type TwinApp, type TwinServer } from "./twin.js";
export type { TwinOptions } from "./twin-options.js";
export type { LogEntry } from "./wire/reporter.js";
