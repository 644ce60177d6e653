import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SchemaCatalog } from '../src/resources/schema.ts'
import { ownTexts } from './own-texts.ts'

test('every text is about a field that there is, and is a sentence', () => {
  const { lookup } = new SchemaCatalog()
  for (const [definition, texts] of Object.entries(ownTexts)) {
    const fields = lookup(definition)?.fields
    for (const [field, text] of Object.entries(texts)) {
      assert.ok(field === '' ? fields !== undefined : fields?.has(field) === true, `${definition} ${field}`)
      assert.match(text, /^\S.*\.$/, `${definition} ${field}`)
    }
  }
})
