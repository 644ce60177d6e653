/** What was thrown, as text for a message or a log: programs throw errors, but nothing makes them. */
export function problemText(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
