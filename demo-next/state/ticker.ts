import { setTimeout as pause } from "node:timers/promises";
import { event, type Internal, state, update } from "twinstate";

export interface Quote {
  id: string;
  price: number;
  /** The change since the market opened, in per cent. */
  change: number;
}

const ROWS = 1000;
/** The time between two trades, in ms. */
const PERIOD = 50;
/** The step from row to row. It is prime to the count of rows, so each row has its turn before one has it again. */
const STRIDE = 389;

/** A market that everybody sees. It trades while somebody looks. */
export class Ticker {
  @state({ persist: false }) quotes: Quote[] = Array.from({ length: ROWS }, (_, i) => ({ id: nameOf(i), price: openingPrice(i), change: 0 }));
  @state({ persist: false }) trades = 0;
  @state({ private: true, persist: false }) private watching = 0;
  /** The number of this run of the market: an older run ends. */
  #runs = 0;

  /** Trades in the background. No visitor may call it. */
  @event({ background: true, internal: true }) async run(this: Internal<this>) {
    const mine = ++this.#runs;
    while (this.watching > 0 && this.#runs === mine) {
      await update(() => this.trade());
      await pause(PERIOD);
    }
  }

  protected async onConnect(): Promise<void> {
    if (++this.watching > 1) return;
    // The module is loaded here, as `server.ts` imports this class.
    const { twin } = await import("./server");
    void twin.ticker().run();
  }

  protected onDisconnect(): void {
    this.watching--;
  }

  private trade() {
    const at = (this.trades++ * STRIDE) % ROWS;
    const quote = this.quotes[at];
    if (!quote) return;
    const step = Math.max(0.01, quote.price * Math.random() * 0.02);
    quote.price = cents(quote.price + (Math.random() < 0.5 && quote.price > 2 * step ? -step : step));
    quote.change = cents((quote.price / openingPrice(at) - 1) * 100);
  }
}

const cents = (value: number) => Math.round(value * 100) / 100;
const openingPrice = (i: number) => 10 + ((i * 7919) % 49_000) / 100;

/** A symbol of three letters, unique for each row. */
function nameOf(i: number): string {
  const n = (i * 7919) % 26 ** 3;
  return String.fromCharCode(...[n / 676, (n / 26) % 26, n % 26].map((digit) => 65 + Math.floor(digit)));
}
