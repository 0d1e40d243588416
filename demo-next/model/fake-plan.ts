/** The part of a request that a fake model reads. */
export interface Request {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
}

interface Message {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content?: string | readonly { readonly text?: string }[] | null;
}

/** What a fake model will do. */
export interface Plan {
  readonly tokens: readonly string[];
  readonly calls: readonly { readonly name: string; readonly input: object }[];
  /** The time between two tokens, in ms. */
  readonly period: number;
  /** An HTTP status to refuse with. */
  readonly status?: number | undefined;
  /** Accepts the request, and never answers. */
  readonly silent?: boolean;
  /** Closes the socket after so many tokens. */
  readonly cut?: number | undefined;
  /** Sends a chunk that is no JSON after so many tokens. */
  readonly garbled?: number | undefined;
  /** Sends an error in the place of a chunk after so many tokens, and ends. */
  readonly failed?: number | undefined;
}

const WORDS =
  "This model is made up: it needs no key and no network. It says the same words to everybody, a hundred in a second, and each of them travels alone. The text grows on the server, in every tab and on every device that has this chat open, and a page that is loaded in the middle goes on where the others are.".split(
    " ",
  );
const MOST = 5000;
const PERIOD = 10;

/**
 * Reads from the last question what to do. `count to 500` gives numbered tokens, `say 500 words` gives words, `every 2 ms` sets their pace, and `at once` none.
 * `roll 2 dice` and `name this chat Launch` call tools. `fail with 429`, `break off after 20`, `garble after 20`, `fail after 20` and `say nothing` are what goes wrong.
 */
export function planOf(messages: readonly Message[]): Plan {
  const at = messages.findLastIndex((message) => message.role === "user" && !isGoOn(textOf(message)));
  const question = textOf(messages[at]);
  const number = (pattern: RegExp) => Number(pattern.exec(question)?.[1] ?? Number.NaN);
  const period = /at once/i.test(question) ? 0 : number(/every (\d+) ms/i) || PERIOD;
  const later = messages.slice(at + 1);
  const results = later.filter(({ role }) => role === "tool");
  if (results.length > 0) return { tokens: tokensOf(`Done. ${results.map(textOf).join(" ")}`), calls: [], period };

  const said = later
    .filter(({ role }) => role === "assistant")
    .map(textOf)
    .join("");
  // What goes wrong goes wrong once: an answer that goes on is whole.
  const faults =
    said !== ""
      ? {}
      : {
          status: number(/fail with (\d{3})/i) || undefined,
          cut: counted(number(/break off after (\d+)/i)),
          garbled: counted(number(/garble after (\d+)/i)),
          failed: counted(number(/fail after (\d+)/i)),
        };
  const calls = callsOf(question);
  const words = Math.min(number(/(\d+) words/i) || 2 * WORDS.length, MOST);
  const top = Math.min(number(/count to (\d+)/i), MOST);
  const tokens = top
    ? Array.from({ length: top }, (_, i) => `${i ? " " : ""}${i + 1}`)
    : calls.length > 0
      ? tokensOf("Shall I do this?")
      : Array.from({ length: words }, (_, i) => `${i ? " " : ""}${WORDS[i % WORDS.length]}`);
  return { tokens: rest(tokens, said), calls, period, silent: /say nothing/i.test(question), ...faults };
}

/** The tokens that follow a beginning of the text. */
function rest(tokens: readonly string[], said: string): readonly string[] {
  let length = 0;
  return tokens.filter((token) => (length += token.length) > said.length);
}

function callsOf(question: string): Plan["calls"] {
  const dice = /roll (\d+)? ?dice/i.exec(question);
  const title = /(?:name|call) this chat:? (.{1,60}?)(?: and roll|,|\.|$)/i.exec(question);
  return [
    ...(dice ? [{ name: "roll_dice", input: { count: Number(dice[1] ?? 1), sides: 6 } }] : []),
    ...(title ? [{ name: "name_chat", input: { title: title[1] } }] : []),
  ];
}

const isGoOn = (text: string) => text.startsWith("Your answer was cut off");
const counted = (n: number) => (Number.isNaN(n) ? undefined : n);
const tokensOf = (text: string) => text.split(/(?= )/);

function textOf(message: Message | undefined): string {
  const content = message?.content ?? "";
  return typeof content === "string" ? content : content.map(({ text = "" }) => text).join("");
}
