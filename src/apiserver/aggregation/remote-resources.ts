import { isObject, type JsonObject } from '../../objects/json.ts'

/** A resource, or a subresource, as another server tells of it. */
export interface RemoteResource {
  readonly name: string
  readonly singularName: string
  readonly namespaced: boolean
  readonly kind: string
  readonly verbs: readonly string[]
  /** Of its kind, where it is another group's. */
  readonly group?: string
  readonly version?: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

/** What a group's version may have; what is told beyond is not passed on. */
const MAX_RESOURCES = 1_000
const RESOURCE_NAME = /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?(\/[a-z0-9]([-a-z0-9./]{0,61}[a-z0-9])?)?$/i

/** Undefined: that is no APIResourceList. Entries that make no sense are left out: they must not disturb who reads all of discovery. */
export function remoteResources(document: JsonObject): readonly RemoteResource[] | undefined {
  const { kind, resources } = document
  if (kind !== 'APIResourceList' || !Array.isArray(resources)) return undefined
  return resources.slice(0, MAX_RESOURCES).filter(isObject).flatMap((entry) => {
    const name = text(entry['name'])
    const kindName = text(entry['kind'])
    if (!RESOURCE_NAME.test(name) || kindName === '') return []
    return [{
      name, singularName: text(entry['singularName']), namespaced: entry['namespaced'] === true, kind: kindName,
      verbs: texts(entry['verbs']) ?? [],
      ...present('group', text(entry['group'])), ...present('version', text(entry['version'])),
      ...present('shortNames', texts(entry['shortNames'])), ...present('categories', texts(entry['categories'])),
    }]
  })
}

function present<Name extends string, Value extends string | readonly string[]>(
  name: Name, value: Value | undefined,
): { [key in Name]?: Value } {
  return value === undefined || value.length === 0 ? {} : { [name]: value } as { [key in Name]?: Value }
}

const MAX_LENGTH = 253

function text(value: unknown): string {
  return typeof value === 'string' && value.length <= MAX_LENGTH ? value : ''
}

function texts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.map(text).filter((each) => each !== '') : undefined
}
