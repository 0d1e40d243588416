import { refusal, StateError, wrong } from "./errors.js";

// The errors of uploads: the server alone loads them.

/** A file is larger than the app allows. */
export const fileTooLarge = (name: string, size: number, limit: number) =>
  refusal(
    "TOO_LARGE",
    `\`${name}\` has ${size} bytes, and a file may have ${limit}. Send a smaller one, or raise \`createTwin({ maxFileSize })\`. A schema as \`z.file().max(…)\` limits one event.`,
  );
/** A call has more files than the app allows. */
export const tooManyFiles = (count: number, limit: number) =>
  refusal(
    "TOO_LARGE",
    `The call has ${count} files, and may have ${limit}. Send fewer, or raise \`createTwin({ maxFiles })\`. A schema as \`z.array(z.file()).max(…)\` limits one event.`,
  );
/** The body of a file has ended before its last byte. */
export const cutShort = (name: string, got: number, size: number) =>
  refusal(
    "CUT_SHORT",
    `Of \`${name}\` ${got} of ${size} bytes have arrived: the line broke, or a proxy has cut the body. Next cuts bodies at 10 MB where \`proxy.ts\` matches the twin's route: leave the route out of its \`matcher\`, or raise \`experimental.proxyClientMaxBodySize\`. nginx has \`client_max_body_size\`. Node ends requests after five minutes: \`server.requestTimeout\`.`,
  );
/** No byte of a file has come for long. */
export const uploadStalled = (name: string, got: number, size: number, ms: number) =>
  refusal(
    "CUT_SHORT",
    `Of \`${name}\` ${got} of ${size} bytes have arrived, and none for ${ms} ms. The client is gone, its line is dead, or it waits for an earlier file of the call: read files in their order, or all at once.`,
  );
/** The body of a file goes on after its last byte. */
export const fileTooLong = (name: string, size: number) =>
  refusal("TOO_LARGE", `\`${name}\` has more than the ${size} bytes that its call has announced. Did it change while it was sent? Send it again.`);
/** The event has ended, so its files are read no more. */
export const uploadOver = (name: string) =>
  wrong("UPLOAD", `\`${name}\` was read after its event had ended: files arrive only while the event runs. Read them before it ends, with \`await\`.`);
export const readTwice = (name: string) =>
  wrong("UPLOAD", `\`${name}\` was read a second time: a file arrives once, as a stream. Keep what you need: \`const bytes = await file.arrayBuffer()\`.`);
export const noSlice = (name: string) =>
  new StateError(
    "NOT_SENT",
    `\`${name}.slice()\` is not there: the file arrives as a stream. Read it first: \`new Blob([await file.arrayBuffer()]).slice()\`.`,
  );
/** A body has come of which no call knows. */
export const noUpload = () =>
  refusal(
    "NOT_FOUND",
    "No running call waits for this file: the call has ended, was refused, or has not come. Send the call first, with its files in `call.f`.",
  );
/** A form goes on behind the file that is read as it arrives. */
export const notLastInForm = (name: string) =>
  refusal(
    "INVALID",
    `\`${name}\` is followed by another field of its form. A form that a browser posts without JavaScript is read as it arrives, so a file that does not fit into \`createTwin({ maxBody })\` must come last: put its input at the end of the form, behind buttons with a name too, or raise \`maxBody\`.`,
  );
/** A form with a long file does not say how long it is. */
export const fileWithoutLength = (name: string) =>
  refusal(
    "INVALID",
    `The form with \`${name}\` came without \`Content-Length\`, so the size of the file is not known before its last byte. Browsers send that header: let the proxy pass it on, or raise \`createTwin({ maxBody })\`.`,
  );
