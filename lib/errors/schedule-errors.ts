import { messageOf, shown, wrong } from "./errors.js";

// The errors of schedules: the server alone has them.

export const scheduleNow = (how: string) =>
  wrong(
    "SCHEDULE",
    `\`schedule.${how}()\` was called where nothing may change: in a guard, a constructor, or an event with \`background: true\` outside \`update()\`. Call it in an event, or as \`await update(() => schedule.${how}(…))\`.`,
  );
export const notScheduled = (how: string, given: unknown) => {
  const what = typeof given !== "function" ? shown(given) : given.name ? `the function \`${given.name}\`` : "a function";
  return wrong(
    "SCHEDULE",
    `\`schedule.${how}()\` was given ${what}, which is no event of a store of this scope instance. Give the method of an \`@event\`, as \`this.close\`; another scope instance schedules for itself, in an event that you call there.`,
  );
};
export const instanceScheduled = (how: string, event: string) =>
  wrong(
    "SCHEDULE",
    `\`schedule.${how}()\` was given \`${event}\`, an event of a model: by the time it is due, the object may be gone. Schedule an event of the store, which looks for the object by its id.`,
  );
export const severalEvents = (how: string, events: readonly string[]) =>
  wrong(
    "SCHEDULE",
    `\`schedule.${how}()\` was given a method that is ${events.map((event) => `\`${event}\``).join(" and ")}. Call it in an event of the store that is meant.`,
  );
export const badDelay = (given: unknown) =>
  wrong("SCHEDULE", `\`schedule.after()\` was given ${shown(given)}: it takes a time in ms, as \`5000\`, or a text as \`"5m"\`, from 0 on.`);
export const badDate = (how: string, given: unknown) => wrong("SCHEDULE", `\`schedule.${how}()\` leads to ${shown(given)}, which is no valid date.`);
export const noPeriod = (given: unknown) =>
  wrong("SCHEDULE", `\`schedule.every()\` was given ${shown(given)}: it takes a period, as \`"5m"\`, or a cron line, as \`"0 9 * * MON-FRI"\`.`);
export const shortPeriod = (given: unknown) => wrong("SCHEDULE", `\`schedule.every()\` was given ${shown(given)}: the shortest period is a second, \`"1s"\`.`);
export const badCron = (line: string, cause: unknown) =>
  wrong(
    "SCHEDULE",
    `\`schedule.every()\` was given ${shown(line)}, which is neither a period, as \`"5m"\`, nor a cron line of five or six fields, as \`"0 9 * * MON-FRI"\`: ${messageOf(cause)}.`,
    typeof cause === "string" ? undefined : cause,
  );
export const badTimeZone = (given: unknown) =>
  wrong("SCHEDULE", `\`schedule.every()\` was given the time zone ${shown(given)}, which is not known here. Give an IANA name, as \`"Europe/Berlin"\`.`);
export const badScheduleId = (given: unknown, most: number) =>
  wrong("SCHEDULE", `The id of a schedule is ${shown(given)}: it must be a text of 1 to ${most} characters. \`schedule.every()\` needs one.`);
export const badScheduledArguments = (how: string, given: unknown) =>
  wrong("SCHEDULE", `\`schedule.${how}()\` takes the arguments of the event as an array, as \`[seat]\`: it was given ${shown(given)}.`);
export const largeSchedule = (id: string, size: number, most: number) =>
  wrong(
    "SCHEDULE",
    `The arguments of the schedule \`${id}\` take ${size} characters: at most ${most} are kept. Keep what they say in state, and schedule an id of it.`,
  );
export const manySchedules = (host: string, most: number) =>
  wrong(
    "SCHEDULE",
    `\`${host}\` has ${most} schedules, as many as a scope instance may have. Give those that replace each other the same \`id\`, or keep dates in state and run one \`schedule.every()\`.`,
  );
export const scheduleKept = (host: string, id: string, event: string, cause: unknown) =>
  wrong(
    "SCHEDULE",
    `The schedule \`${id}\` of \`${host}\` is due, and its event \`${event}\` cannot be called: ${messageOf(cause)} It is kept, and tried again in an hour: bring the event back, or cancel the schedule with \`$unschedule()\`.`,
    cause,
  );
export const eventGone = (event: string) => wrong("SCHEDULE", `No store has an event \`${event}\` any more.`);
