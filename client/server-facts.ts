import type { WireSchema } from "../lib/class/schema.js";

/** Facts that the server has sent about itself and this client. */
export interface ServerFacts {
  schema: WireSchema | undefined;
  session: string | undefined;
  /** The tag of the user for whom the page was rendered. */
  user?: string | undefined;
  /** The open stream has sent its `hello`. */
  greeted: boolean;
  /** How often in a row the server has refused a stream. */
  refusals: number;
}
