/** A promise that the test settles: what an event waits for. */
class Gate {
  open = () => {};
  readonly passed = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

let held = new Gate();
let there = new Gate();

/** Inside an event: tells the test that it has come here, and waits until the test opens the gate. */
export async function wait(): Promise<void> {
  const { passed } = held;
  there.open();
  await passed;
}

/** The gate that events wait at now. */
export const gate = () => held;

/** Resolves when an event waits. */
export const reached = () => there.passed;

/** A new gate, for those who come from now on. */
export function renew(): void {
  held = new Gate();
  there = new Gate();
}
