interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

// Next evaluates modules several times in one process.
const shared = globalThis as { gates?: Map<string, Gate> };

/** What a slow part of a page waits for, until a test opens it. */
export function gate(name: string): Gate {
  shared.gates ??= new Map();
  let found = shared.gates.get(name);
  if (!found) {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    found = { opened, open };
    shared.gates.set(name, found);
  }
  return found;
}
