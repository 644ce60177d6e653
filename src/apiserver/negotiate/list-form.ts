import type { JsonObject } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import { yamlText } from '../../objects/codec-yaml.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { present } from '../../words/assert.ts'
import { tableColumns } from '../../resources/table.ts'
import type { Instant } from '../../words/instant.ts'
import { listTypeOf, type ServedResource } from '../resource-set.ts'
import type { Accepted } from './accept.ts'
import { parseIncludeObject, partialOf, tableOf } from './table.ts'
import type { Table } from './table.ts'

/** What a list is in the form that was asked for, as values: itself with nothing in it, and what each object is in it. */
export interface ListForm {
  readonly empty: JsonObject & { readonly kind: string; readonly apiVersion: string }
  readonly member: 'items' | 'rows'
  itemOf(object: KubeObject): object
}

export interface ListCall {
  readonly accepted: Accepted
  readonly resource: ServedResource
  readonly query: URLSearchParams
}

export function listForm({ accepted: { as, meta }, resource, query }: ListCall, metadata: JsonObject, now: Instant): ListForm {
  if (as === 'table') {
    const columns = tableColumns(resource.definition)
    const options = { meta, metadata, include: parseIncludeObject(query), now }
    return {
      empty: tableOf(columns, [], { ...options, withColumns: true }), member: 'rows',
      itemOf: (object) => rowOf(tableOf(columns, [object], { ...options, withColumns: false })),
    }
  }
  if (as === 'partial-list') {
    const empty = { kind: 'PartialObjectMetadataList', apiVersion: meta, metadata, items: [] }
    return { empty, member: 'items', itemOf: (object) => partialOf(object, meta) }
  }
  return { empty: { ...listTypeOf(resource), metadata, items: [] }, member: 'items', itemOf: (object) => object }
}

function rowOf({ rows: [row] }: Table): JsonObject {
  return present(row, 'the row of an object')
}

/** A list as text that is made in pieces: what stands around its items, and each of them. One without items is not made so. */
export interface ListTexts {
  readonly before: string
  readonly between: string
  readonly after: string
  itemOf(item: object): string
}

type TextForm = Pick<Exclude<Accepted, { format: 'protobuf' }>, 'format' | 'pretty'>

/** The same text as of the whole list at once. */
export function listTexts({ empty, member }: ListForm, { format, pretty }: TextForm): ListTexts {
  if (format === 'yaml') return yamlTexts(empty, member)
  return pretty ? prettyTexts(empty) : compactTexts(empty)
}

/** The items are the last member: {"kind":"List","items":[]} */
function compactTexts(empty: JsonObject): ListTexts {
  const after = ']}'
  return { before: jsonText(empty).slice(0, -after.length), between: ',', after, itemOf: (item) => jsonText(item) }
}

const PRETTY_HEAD = '{\n  "_": [\n    '
const PRETTY_TAIL = '\n  ]\n}'

function prettyTexts(empty: JsonObject): ListTexts {
  return {
    before: `${jsonText(empty, 2).slice(0, -']\n}'.length)}\n    `, between: ',\n    ', after: `${PRETTY_TAIL}\n`,
    // Within a list of its own, which indents it.
    itemOf: (item) => jsonText({ _: [item] }, 2).slice(PRETTY_HEAD.length, -PRETTY_TAIL.length),
  }
}

/** Members stand in the order of their names, and lists are not indented. */
function yamlTexts(empty: JsonObject, member: string): ListTexts {
  const part = (isIn: (name: string) => boolean): string => {
    const members = Object.entries(empty).filter(([name]) => isIn(name))
    return members.length === 0 ? '' : yamlText(Object.fromEntries(members))
  }
  const before = `${part((name) => name < member)}${member}:\n`
  return { before, between: '', after: part((name) => name > member), itemOf: (item) => yamlText([item]) }
}
