export type { ClientOptions } from "./client.js";
export { type Connected, type ConnectedTools, connect, type Live, type LiveTools } from "./connect.js";
export type { ConnectionState, ConnectionStatus, Status } from "./status.js";
