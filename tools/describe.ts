/**
 * Puts what the API's kinds and fields are for into node_modules/.lotse-descriptions.json, for kubectl explain and the OpenAPI
 * documents. The texts are the doc comments of the package kubernetes-types; where it says nothing, our own. Without the package
 * there is no file, and there are no descriptions.
 */
import { globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { docComments, type Texts } from './doc-comments.ts'
import { ownTexts } from './own-texts.ts'

const modules = join(import.meta.dirname, '../node_modules')
const types = join(modules, 'kubernetes-types')
const target = join(modules, '.lotse-descriptions.json')

rmSync(target, { force: true })
const found: Record<string, Texts> = {}
for (const path of globSync('**/*.d.ts', { cwd: types }).sort()) {
  // apps/v1.d.ts has the definitions apps.v1.*
  const prefix = path.slice(0, -'.d.ts'.length).replaceAll('/', '.')
  for (const [name, texts] of Object.entries(docComments(readFileSync(join(types, path), 'utf8')))) found[`${prefix}.${name}`] = texts
}
if (Object.keys(found).length > 0) {
  for (const [definition, texts] of Object.entries(ownTexts)) found[definition] = { ...texts, ...found[definition] }
  writeFileSync(`${target}.new`, JSON.stringify(found))
  renameSync(`${target}.new`, target)
}
