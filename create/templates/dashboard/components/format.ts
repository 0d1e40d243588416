const MONEY = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });
const ROUND = new Intl.NumberFormat("en", { style: "currency", currency: "EUR", notation: "compact" });
const WHOLE = new Intl.NumberFormat("en", { style: "currency", currency: "EUR", maximumFractionDigits: 0 });
const COUNT = new Intl.NumberFormat("en");
// One time zone, so that the server's page and the browser's say the same.
const TIME = new Intl.DateTimeFormat("en", { timeZone: "UTC", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat("en", { timeZone: "UTC", day: "numeric", month: "short" });

export const money = (cents: number) => MONEY.format(cents / 100);
export const roundMoney = (cents: number) => ROUND.format(cents / 100);
export const wholeMoney = (cents: number) => WHOLE.format(cents / 100);
export const counted = (count: number) => COUNT.format(count);
export const time = (at: string) => TIME.format(new Date(at));
export const dayOf = (day: string) => DAY.format(new Date(day));
