/** The tokens of an answer. Ends when the signal aborts. */
export async function* tokensOf(prompt: string, signal: AbortSignal): AsyncGenerator<string> {
  const response = await fetch(String(process.env.MODEL_URL), { method: "POST", body: prompt, signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) yield part.value;
}
