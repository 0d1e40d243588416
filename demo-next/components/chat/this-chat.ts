"use client";
import { createContext, use } from "react";
import { useChat } from "../../state/client";

/** The key of the chat on this page. */
export const ChatKey = createContext("");

export const useThisChat = () => useChat(use(ChatKey));
