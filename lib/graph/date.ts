import { readOnlyDate } from "../errors/errors.js";

/**
 * A date as state holds it. It is a value: a change in place would be seen by nobody and undone by nothing, so it is
 * refused.
 */
const StateDate = /* @__PURE__ */ makeStateDate();

// In a function without effects of its own, so that pages which do not need it do not load it.
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
