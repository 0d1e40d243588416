import { refusal } from "./errors.js";

/** A proxy has refused the body of a file. A page loads this with its first file. */
export const refusedUpload = (name: string, status: number) =>
  refusal(
    "CUT_SHORT",
    `\`${name}\` was refused on its way${status > 0 ? `, with the status ${status}` : ""}, before the app had it: a proxy takes no body of this size. nginx has \`client_max_body_size\`.`,
  );
export const unreadableFile = (name: string) =>
  refusal("CUT_SHORT", `\`${name}\` cannot be read: it is a folder, or was moved or changed since it was chosen. Choose it again.`);
