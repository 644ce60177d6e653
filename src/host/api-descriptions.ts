import { readFile } from 'node:fs/promises'
import type { DefinitionTexts, DescriptionSource } from '../apiserver/discovery/descriptions.ts'

/**
 * The texts that tools/describe.ts has put into a file when the packages were installed, read anew for each who asks. Where the file
 * is missing or broken there are no descriptions, and nothing else is amiss.
 */
export function apiDescriptions(path: string): DescriptionSource {
  return async () => {
    try {
      const texts = new Map(Object.entries(JSON.parse(await readFile(path, 'utf8')) as Readonly<Record<string, DefinitionTexts>>))
      return (definition) => texts.get(definition)
    } catch {
      return () => undefined
    }
  }
}
