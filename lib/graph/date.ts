import { readOnlyDate } from "../errors/errors.js";

/**
 * A date in state. Dates are values: nothing would notice or roll back a change in place, so it throws.
 */
const StateDate = /* @__PURE__ */ makeStateDate();

// The class stands in a function without side effects, so that bundlers drop it from pages that do not use it.
function makeStateDate(): new (time: number) => Date {
  class StateDate extends Date {}
  Object.defineProperty(StateDate.prototype, "constructor", { value: Date, configurable: true, writable: true });
  for (const name of Object.getOwnPropertyNames(Date.prototype)) {
    if (!name.startsWith("set")) continue;
    const value = () => {
      throw readOnlyDate(name);
    };
    Object.defineProperty(StateDate.prototype, name, { value, configurable: true, writable: true });
  }
  return StateDate;
}

export const stateDate = (time: number): Date => new StateDate(time);
