import { thrownMessage } from '../words/thrown.ts'
import { decodeYaml } from './codec-yaml.ts'
import { isObject, type JsonObject } from './json.ts'

/** What a configuration document must be, and in which words it is refused. */
export interface ExpectedDocument {
  readonly kind: string
  readonly apiVersions: readonly string[]
  /** Of what is no object: it is empty or no object. */
  readonly notObject: string
  /** Names the file; what is wrong follows. */
  fail(why: string): Error
}

/** The document of a configuration file, in YAML or JSON. Nothing of it is looked at but its kind and version. */
export function readConfigDocument(content: Uint8Array, { kind, apiVersions, notObject, fail }: ExpectedDocument): JsonObject {
  let document: unknown
  try {
    document = decodeYaml(content)
  } catch (error) {
    throw fail(thrownMessage(error))
  }
  if (!isObject(document)) throw fail(notObject)
  const { kind: actual, apiVersion } = document
  if (actual !== kind || typeof apiVersion !== 'string' || !apiVersions.includes(apiVersion)) {
    throw fail(`no kind ${shown(actual)} is registered for version ${shown(apiVersion)}; it must be ${kind} of ${apiVersions.join(' or ')}`)
  }
  return document
}

/** Long texts are cut: they may be anything. */
function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : '""'
}
