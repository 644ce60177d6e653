/** The texts of one definition by field; its own stands under the empty name. */
export type DefinitionTexts = Readonly<Record<string, string>>

/** By the name of a definition: core.v1.Pod. */
export type Descriptions = (definition: string) => DefinitionTexts | undefined

/** Asked when a document is made, and let go of afterwards: the texts are a megabyte that a server at rest has no use for. */
export type DescriptionSource = () => Promise<Descriptions>

/** A server that was not given any: its documents say what fields there are, not what they are for. */
export const noDescriptions: DescriptionSource = () => Promise.resolve(() => undefined)

/** Kinds younger than the texts still have the fields that all kinds have. */
const COMMON_FIELDS: Readonly<Record<string, string>> = { apiVersion: 'core.v1.Pod', kind: 'core.v1.Pod', metadata: 'core.v1.Pod' }

export function fieldText(descriptions: Descriptions, definition: string, field: string, isKind: boolean): string | undefined {
  const text = descriptions(definition)?.[field]
  if (text !== undefined || !isKind) return text
  const alike = COMMON_FIELDS[field]
  return alike === undefined ? undefined : descriptions(alike)?.[field]
}
