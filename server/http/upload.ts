import { noUpload } from "../../lib/errors/upload-errors.js";
import type { TwinRequest } from "../access/callers.js";
import { uploadId } from "../call/uploads.js";
import type { Runtime } from "../runtime.js";
import { whole } from "../wire/request-input.js";

/**
 * Takes the body of one file of a call: `POST $upload?id=…&k=0`. The bytes go to the event as it reads them, so the socket stands still as long as nobody does.
 * The call may run at another node. With `ask` there is no body: the answer says whether one is wanted, as a repeated call has perhaps begun anew.
 */
export async function takeUpload(runtime: Runtime, { body, signal }: Request, request: TwinRequest, { searchParams }: URL): Promise<Response> {
  const { callers, dispatcher, nodes, sessionLimits } = runtime;
  callers.admit(request);
  const session = request.session?.id;
  // A new session has called nothing.
  if (session === undefined || request.fresh) throw noUpload();
  const leave = sessionLimits.enter(session);
  try {
    const name = [session, uploadId(searchParams.get("id")), whole(Number(searchParams.get("k") ?? Number.NaN), "k")] as const;
    const given = searchParams.has("ask") ? undefined : (body ?? new Blob([]).stream());
    return Response.json(await (nodes ? nodes.files.take(name, given, signal) : dispatcher.uploads.take(name, given && (() => given), signal)));
  } finally {
    leave();
  }
}
