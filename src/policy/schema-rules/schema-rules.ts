import { duplicate, forbiddenField, invalidValue, required, type FieldError } from '../../objects/field-error.ts'
import { childPath, indexPath } from '../../objects/field-path.ts'
import { isObject, sameJson } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import type { Environment } from '../cel/environment.ts'
import { kubernetesEnvironment } from '../cel/kubernetes-environment.ts'
import type { OpenApiSchema } from '../cel/openapi-schema.ts'
import { compileRule, type CompiledRule, type RulePlace, type RuleSchema } from './rule.ts'

/** Kubernetes' limit for all rules of one object. */
const PER_OBJECT_COST = 10_000_000
const ROOT = 'Root'

/** x-kubernetes-validations of a whole schema (KEP-2876). */
export interface SchemaRules {
  /** What they say of a whole object; old is what it replaces. Of parts that have not changed only the transition rules are asked. */
  check(value: unknown, old: unknown): FieldError[]
  /** What they would say of the parts that have not changed: no reason to refuse the object, but worth telling. */
  tolerated(value: unknown, old: unknown): FieldError[]
  /** What all rules say, of changed and of unchanged parts. */
  every(value: unknown, old: unknown): FieldError[]
}

/** Where in a schema there are rules; undefined where there are none, nor below. */
interface RuleNode {
  readonly typeName: string
  readonly rules: readonly CompiledRule[]
  readonly properties: ReadonlyMap<string, RuleNode>
  readonly additional: RuleNode | undefined
  readonly items: RuleNode | undefined
  /** Of a list that is a map; undefined where items of two lists do not correspond. */
  readonly listKeys: readonly string[] | undefined
}

const OUT_OF_BUDGET = 'validation failed due to running out of cost budget, no further validation rules will be run'

interface Checking {
  /** Which parts are asked about. */
  readonly parts: 'changed' | 'unchanged' | 'all'
  readonly errors: FieldError[]
  costLeft: number
}

/** Undefined where the schema has no rules. They are compiled when they are first asked. */
export function schemaRules(schema: OpenApiSchema & RuleSchema, of: 'object' | 'value' = 'object'): SchemaRules | undefined {
  let environment: Environment | undefined
  const base = (): Environment => (environment ??= kubernetesEnvironment({ version: '1.32' }))
  const root = nodeOf(schema, { name: ROOT, isResource: of === 'object', base })
  if (root === undefined) return undefined
  const found = (parts: Checking['parts'], value: unknown, old: unknown): FieldError[] => {
    const checking: Checking = { parts, errors: [], costLeft: PER_OBJECT_COST }
    checkNode(checking, root, { value, old, path: '' })
    return checking.errors
  }
  return {
    check: (value, old) => found('changed', value, old),
    tolerated: (value, old) => (old === undefined ? [] : found('unchanged', value, old)),
    every: (value, old) => found('all', value, old),
  }
}

function nodeOf(schema: OpenApiSchema & RuleSchema, place: RulePlace): RuleNode | undefined {
  const below = (name: string, inner: OpenApiSchema & RuleSchema): RuleNode | undefined =>
    nodeOf(inner, { ...place, name: `${place.name}.${name}`, isResource: inner['x-kubernetes-embedded-resource'] === true })
  const { items, additionalProperties } = schema
  const properties = Object.entries(schema.properties ?? {}).flatMap(([key, inner]): [string, RuleNode][] => {
    const node = below(key, inner)
    return node === undefined ? [] : [[key, node]]
  })
  const node: RuleNode = {
    typeName: schema['x-kubernetes-int-or-string'] === true ? 'integer,string' : (schema.type ?? ''),
    rules: (schema['x-kubernetes-validations'] ?? []).map((rule) => compileRule(rule, schema, place)),
    properties: new Map(properties),
    additional: typeof additionalProperties === 'object' ? below('@elem', additionalProperties) : undefined,
    items: items === undefined ? undefined : below('@idx', items),
    listKeys: schema['x-kubernetes-list-type'] === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : undefined,
  }
  const isEmpty = node.rules.length === 0 && node.properties.size === 0 && node.additional === undefined && node.items === undefined
  return isEmpty ? undefined : node
}

interface At {
  readonly value: unknown
  /** Undefined where nothing corresponds: then transition rules say nothing. */
  readonly old: unknown
  readonly path: string
}

function checkNode(checking: Checking, node: RuleNode, at: At): void {
  const { value, old, path } = at
  if (value === undefined || value === null) return
  const isUnchanged = old !== undefined && sameJson(value, old)
  for (const rule of node.rules) askRule(checking, node, rule, at, isUnchanged)
  if (Array.isArray(value)) checkItems(checking, node, value, at)
  else if (isObject(value)) {
    for (const key in value) {
      const inner = node.properties.get(key) ?? node.additional
      const before = isObject(old) ? old[key] : undefined
      if (inner !== undefined) checkNode(checking, inner, { value: value[key], old: before, path: childPath(path, key) })
    }
  }
}

function checkItems(checking: Checking, { items, listKeys }: RuleNode, list: readonly unknown[], { old, path }: At): void {
  if (items === undefined) return
  const identity = (item: unknown): string => jsonText((listKeys ?? []).map((key) => (isObject(item) ? item[key] : undefined)))
  const before = listKeys !== undefined && Array.isArray(old) ? new Map(old.map((item) => [identity(item), item as unknown])) : undefined
  for (const [index, value] of list.entries()) {
    checkNode(checking, items, { value, old: before?.get(identity(value)), path: indexPath(path, index) })
  }
}

function askRule(checking: Checking, node: RuleNode, rule: CompiledRule, { value, old, path }: At, isUnchanged: boolean): void {
  const isTolerated = isUnchanged && !rule.isTransition
  if (checking.costLeft <= 0 || (checking.parts !== 'all' && isTolerated !== (checking.parts === 'unchanged'))) return
  const outcome = rule.ask(value, old, checking.costLeft)
  checking.costLeft -= outcome.cost
  const place = `${path}${rule.fieldPath}`.replace(/^\./, '')
  if (outcome.failure !== undefined) checking.errors.push(errorOf(outcome.failure, place, node.typeName))
  if (checking.costLeft > 0) return
  checking.errors.push(invalidValue(shown(path), node.typeName, OUT_OF_BUDGET))
}

function shown(path: string): string {
  return path === '' ? '<nil>' : path
}

function errorOf({ reason, message }: { reason: string; message: string }, path: string, typeName: string): FieldError {
  switch (reason) {
    case 'FieldValueForbidden': return forbiddenField(shown(path), message)
    case 'FieldValueRequired': return required(shown(path), message)
    case 'FieldValueDuplicate': return duplicate(shown(path), typeName)
    default: return invalidValue(shown(path), typeName, message)
  }
}
