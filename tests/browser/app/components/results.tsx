"use client";
import { useResults } from "../state/client";

export function Results() {
  const { query, found } = useResults();
  return (
    <section>
      <h1>Results for {query}</h1>
      <p>{found.join(", ")}</p>
    </section>
  );
}
