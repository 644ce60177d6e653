/** What was thrown, in a sentence. */
export function thrownMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
