/** What was thrown, as a sentence for a message or a log: TypeScript lets anything be thrown, and a log must take it all. */
export function thrownMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
