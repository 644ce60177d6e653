import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Field, Schema } from '../objects/schema.ts'
import { present } from '../words/assert.ts'
import { SchemaCatalog } from './schema.ts'

const catalog = new SchemaCatalog({
  'a.Node': 'name*:string#1 next:a.Node#2 children:[]a.Node#3@map=name+merge=name',
  'a.All': 'tags:[]string#4@set+merge sizes:{}quantity#5@atomic maps:{}[]string port:int-or-string raw:any gone:a.Missing list:[]int64 keyed:[]a.Node@map=name,next+merge=name+retain',
  'a.Whole': '! x:string',
  'a.Mixed': 'either:any=a.Node other:any=a.Missing',
  'a.Broken': 'nonsense',
})

function field(definition: string, name: string): Field {
  return present(catalog.lookup(definition)?.fields.get(name), `${definition}.${name}`)
}

/** A schema in one word: []string@set, {}quantity@atomic, a.Node */
function word(schema: Schema): string {
  switch (schema.type) {
    case 'object': return schema.name
    case 'list': return `[]${word(schema.items)}@${schema.list}${schema.keys.length === 0 ? '' : `=${schema.keys.join()}`}`
    case 'map': return `{}${word(schema.values)}${schema.atomic ? '@atomic' : ''}`
    case 'any': return schema.objects === undefined ? 'any' : `any=${word(schema.objects)}`
    default: return schema.type
  }
}

test('types, lists and maps', () => {
  const check = (name: string, expected: string): void => assert.equal(word(field('a.All', name).schema), expected)
  check('tags', '[]string@set')
  check('sizes', '{}quantity@atomic')
  check('maps', '{}[]string@atomic')
  check('port', 'int-or-string')
  check('raw', 'any')
  check('gone', 'any')
  check('list', '[]int64@atomic')
  check('keyed', '[]a.Node@map=name,next')
  assert.equal(word(field('a.Mixed', 'either').schema), 'any=a.Node')
  assert.equal(word(field('a.Mixed', 'other').schema), 'any')
})

test('marks', () => {
  const check = (definition: string, name: string, expected: Partial<Field>): void => {
    const { schema: _, ...marks } = field(definition, name)
    assert.deepEqual(marks, { required: false, merge: false, mergeKey: undefined, retainKeys: false, omitsEmpty: false, number: 0, ...expected })
  }
  check('a.Node', 'name', { required: true, number: 1 })
  check('a.Node', 'children', { number: 3, merge: true, mergeKey: 'name', omitsEmpty: true })
  check('a.All', 'tags', { number: 4, merge: true, omitsEmpty: true })
  check('a.All', 'sizes', { number: 5, omitsEmpty: true })
  check('a.All', 'raw', {})
  check('a.All', 'keyed', { merge: true, mergeKey: 'name', retainKeys: true, omitsEmpty: true })
})

test('a definition may hold itself', () => {
  const node = catalog.lookup('a.Node')
  assert.equal(field('a.Node', 'next').schema, node)
  assert.equal(catalog.lookup('a.Node'), node)
})

test('atomic, unknown and broken definitions', () => {
  assert.equal(catalog.lookup('a.Whole')?.atomic, true)
  assert.equal(catalog.lookup('a.Node')?.atomic, false)
  assert.equal(catalog.lookup('a.Missing'), undefined)
  assert.throws(() => catalog.lookup('a.Broken')?.fields, /schema table a\.Broken: cannot read the field nonsense/)
})

test('every generated definition can be read', () => {
  const whole = new SchemaCatalog()
  let count = 0
  for (const name of whole.names()) count += present(whole.lookup(name), name).fields.size
  assert.ok(count > 2000, `${count} fields`)
  assert.equal(whole.lookup('core.v1.Container')?.fields.get('env')?.mergeKey, 'name')
})
