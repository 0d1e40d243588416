export { type Connected, type ConnectedTools, connect, type Live, type LiveTools } from "./connect.js";
export type { ClientOptions } from "./options.js";
export type { ConnectionState, ConnectionStatus, Status } from "./status.js";
