import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeYaml } from '../../objects/codec-yaml.ts'
import type { JsonObject } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import { textOf } from '../../words/bytes.ts'
import { listTexts, type ListForm } from './list-form.ts'

const member = fc.constantFrom('items', 'rows')
const text = fc.oneof(fc.string(), fc.constantFrom('', 'a\nb', '\n\n x\n', '- a: b', '#', 'yes', '0644', ' ', 'ä\t', '|', '  two\n lines\n'))
const value = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 4 }, text, fc.integer(), fc.bigInt({ min: 2n ** 54n, max: 2n ** 62n }), fc.boolean(), fc.constant(null), tie('list'), tie('object')),
  list: fc.array(tie('any'), { maxLength: 3 }),
  object: fc.dictionary(text, tie('any'), { maxKeys: 4, noNullPrototype: true }),
})).any
const item = fc.dictionary(text.filter((name) => name !== '__proto__'), value, { maxKeys: 4, noNullPrototype: true })
const frame = fc.constantFrom<JsonObject>(
  { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '7', continue: 'a\nb' } },
  { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: {}, columnDefinitions: [{ name: 'A', format: '' }] },
)

function check({ format, pretty }: { format: 'json' | 'yaml'; pretty: boolean }, whole: (list: object) => string): void {
  fc.assert(fc.property(member, frame, fc.array(item, { minLength: 1, maxLength: 4 }), (name, head, items) => {
    const empty = { ...head, [name]: [] } as unknown as ListForm['empty']
    const { before, between, after, itemOf } = listTexts({ empty, member: name as ListForm['member'], itemOf: (object) => object }, { format, pretty })
    assert.equal(before + items.map(itemOf).join(between) + after, whole({ ...head, [name]: items }))
  }), { numRuns: 300 })
}

test('the pieces of a list are its text', () => {
  check({ format: 'json', pretty: false }, jsonText)
  check({ format: 'json', pretty: true }, (list) => `${jsonText(list, 2)}\n`)
  check({ format: 'yaml', pretty: false }, (list) => textOf(encodeYaml(list)))
})
