import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SchemaCatalog } from '../../resources/schema.ts'
import { enums } from './schema-enums.ts'
import { defaults, granularFields, opaqueDefinitions, opaqueFields, presentObjects, replacedFields, unions } from './schema-facts.ts'

const { lookup } = new SchemaCatalog()

function typeAt(place: string): string {
  const [definition = '', field = ''] = place.split(' ')
  const schema = lookup(definition)?.fields.get(field)?.schema
  if (schema?.type === 'list') return schema.items.type
  return schema?.type === 'map' ? schema.values.type : (schema?.type ?? 'missing')
}

test('every fact is about a field that there is', () => {
  const table: [about: string, places: Iterable<string>, types: readonly string[]][] = [
    ['enums', enums.keys(), ['string']],
    ['defaults', Object.keys(defaults), ['string', 'boolean', 'int32']],
    ['opaque fields', Object.keys(opaqueFields), ['any']],
    ['granular fields', granularFields, ['object', 'string']],
    ['objects that are never absent', presentObjects, ['object']],
    ['replaced fields', replacedFields, ['object']],
    ['unions', Object.entries(unions).map(([definition, { discriminator }]) => `${definition} ${discriminator}`), ['string']],
  ]
  for (const [about, places, types] of table) {
    for (const place of places) assert.ok(types.includes(typeAt(place)), `${about}: ${place} is ${typeAt(place)}`)
  }
  for (const definition of Object.values(opaqueFields)) assert.ok(definition in opaqueDefinitions, definition)
  for (const [definition, { fields }] of Object.entries(unions)) {
    for (const field of Object.keys(fields)) assert.notEqual(typeAt(`${definition} ${field}`), 'missing', field)
  }
})

test('a default is one of the values', () => {
  for (const [place, values] of enums) {
    assert.deepEqual(values, values.toSorted(), place)
    const value = defaults[place]
    assert.ok(value === undefined || values.includes(String(value)), place)
  }
})

test('no field that may be anything goes without a definition', () => {
  const places = new SchemaCatalog().names().flatMap((name) => [...(lookup(name)?.fields.keys() ?? [])].map((field) => `${name} ${field}`))
  const untold = places.filter((place) => typeAt(place) === 'any' && opaqueFields[place] === undefined)
  assert.deepEqual(untold, [])
})
