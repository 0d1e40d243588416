import { randomInt } from "node:crypto";
import { update } from "twinstate";
import { z } from "zod";
import type { Chat } from "../state/chat";

const Dice = z.object({ count: z.number().int().min(1).max(20), sides: z.number().int().min(2).max(100) });
const Title = z.object({ title: z.string().trim().min(1).max(60) });

/** The tools that the model may ask for, as the AI SDK takes them. It cannot run them itself: each call waits for somebody's approval. */
export const TOOLS = {
  roll_dice: { description: "Rolls dice, and gives what each shows.", inputSchema: Dice },
  name_chat: { description: "Gives this chat a name, which everybody in it sees.", inputSchema: Title },
};

/** Runs an approved tool, and gives the result for the model. */
export async function runTool(chat: Chat, name: string, input: unknown): Promise<string> {
  switch (name) {
    case "roll_dice": {
      const { count, sides } = Dice.parse(input);
      return `The dice show ${Array.from({ length: count }, () => randomInt(1, sides + 1)).join(", ")}.`;
    }
    case "name_chat": {
      const { title } = Title.parse(input);
      await update(() => {
        chat.title = title;
      });
      return `The chat is now called ${title}.`;
    }
    default:
      throw new Error(`There is no tool ${name}.`);
  }
}
