import { mcp } from "twinstate/server/mcp";
import { twin } from "../../../state/server";

/** The door for agents. What concerns accounts, files and the look of a browser is not for them. */
export const { GET, POST, DELETE } = mcp(twin, {
  name: "twinstate-demo",
  instructions: "A to-do list of your own, boards that everybody with the key shares, polls, a ticker and a chat.",
  expose: (name) => /^(todo|board|polls?|ticker|chat)(\.|$)/.test(name),
});
