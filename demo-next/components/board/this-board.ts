"use client";
import { createContext, use } from "react";
import { useBoard } from "../../state/client";

/** The key of the board on this page. */
export const BoardKey = createContext("");

export const useThisBoard = () => useBoard(use(BoardKey));
