// Loaded into a server before its own code (`--import`), it tells over HTTP what there is in the process: `/`, `/objects`, which walks the heap, `/memory`, and
// `/held`, which is the memory without garbage.
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { Server, Socket } from "node:net";
import { join } from "node:path";
import { queryObjects, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

function AsyncGenerator() {}
AsyncGenerator.prototype = Object.getPrototypeOf(Object.getPrototypeOf((async function* () {})()));

/** What a stream is made of. */
const KINDS = { AsyncGenerator, ReadableStream, AbortSignal, Socket };

const listeners = (emitter) => emitter.eventNames().reduce((total, name) => total + emitter.listenerCount(name), 0);

const runtimesHere = () => [...(globalThis[Symbol.for("twinstate.runtime")]?.values() ?? [])];
/** Those of others: Next's workers evaluate the app too, and have none. */
const serversHere = () => process._getActiveHandles().filter((handle) => handle instanceof Server && handle !== probe);

function counts() {
  const runtimes = runtimesHere();
  const resources = process.getActiveResourcesInfo();
  const servers = serversHere();
  return {
    streams: runtimes.reduce((total, { streams }) => total + streams.size, 0),
    watchers: runtimes.flatMap(({ hosts }) => hosts.live).reduce((total, { watchers }) => total + watchers.size, 0),
    timers: resources.filter((name) => name === "Timeout" || name === "Immediate").length,
    sockets: resources.filter((name) => name === "TCPSocketWrap").length,
    listeners: [process, ...servers].reduce((total, emitter) => total + listeners(emitter), 0),
  };
}

/** After a full garbage collection. */
const objects = () => Object.fromEntries(Object.entries(KINDS).map(([name, Class]) => [name, queryObjects(Class)]));

/** In bytes; and how many files and sockets are open, where the system tells. */
const memory = () => ({ ...process.memoryUsage(), open: existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd").length : 0 });

function held() {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  collect();
  // Buffers are freed beside the program: the second collection waits for the first to end.
  collect();
  return memory();
}

const ANSWERS = { "/": counts, "/objects": objects, "/memory": memory, "/held": held };

const probe = createServer(({ url }, response) => {
  const told = runtimesHere().length === 0 || serversHere().length === 0 ? null : ANSWERS[url]();
  response.setHeader("connection", "close").end(JSON.stringify(told));
});
probe.listen(0, "127.0.0.1", () => writeFileSync(join(process.env.PROBE, String(process.pid)), String(probe.address().port)));
probe.unref();
