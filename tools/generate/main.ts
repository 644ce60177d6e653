/**
 * Writes the tables of facts in src/resources/generated/ from reference documents of the Kubernetes API:
 *   npm run generate -- DIRECTORY
 * DIRECTORY holds openapi-v2.json, protobuf-fields.json and discovery-aggregated-v2.json. Only names, types, field numbers,
 * required marks, list types and merge keys are taken; no sentence of the documents is.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenApiDocument } from './openapi.ts'
import { kindsModule } from './kinds.ts'
import { schemaModule, type FieldNumbers } from './schema-tables.ts'
import { typesModule } from './types.ts'

const directory = process.argv[2]
if (directory === undefined) {
  process.stderr.write('usage: npm run generate -- DIRECTORY\n')
  process.exit(2)
}

function load<T>(name: string): T {
  return JSON.parse(readFileSync(join(directory ?? '', name), 'utf8')) as T
}

const document = load<OpenApiDocument>('openapi-v2.json')
const numbers = load<FieldNumbers>('protobuf-fields.json')
const target = join(import.meta.dirname, '../../src/resources/generated')
writeFileSync(join(target, 'schema-tables.ts'), schemaModule(document, numbers))
writeFileSync(join(target, 'types.ts'), typesModule(document))
writeFileSync(join(target, 'kinds.ts'), kindsModule(document, load('discovery-aggregated-v2.json')))
