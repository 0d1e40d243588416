/** A connection that has something to send. */
interface Noticed {
  tell(): void;
}

/** The connections that have something to send. They are notified together: a room of a thousand costs one task. */
let noticed: Noticed[] = [];

function tellAll(): void {
  const all = noticed;
  noticed = [];
  for (const connection of all) connection.tell();
}

/** Notifies a connection with the next turn of the event loop. */
export function notice(connection: Noticed): void {
  if (noticed.push(connection) === 1) setImmediate(tellAll);
}
