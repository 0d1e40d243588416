import { StateError } from "./errors.js";

// The wording of what goes wrong with the door for agents. The server alone loads it.

export const notATwin = () =>
  new StateError("BAD_OPTION", "`mcp()` got no twin. Pass the one that `createTwin` gives: `export const { GET, POST, DELETE } = mcp(twin)`.");

export const foreignPage = (origin: string) =>
  `A page of ${origin} may not ask this server. Where it may, name its origin: \`mcp(twin, { origins: ["https://…"] })\`.`;
export const unknownAgent = () => "The session is not known (any more). Connect anew, without `mcp-session-id`.";
export const unknownTool = (name: string) => `There is no tool \`${name}\`. \`tools/list\` names those there are.`;
export const unknownResource = (uri: string) => `There is no resource \`${uri}\`. \`resources/list\` and \`resources/templates/list\` name those there are.`;
