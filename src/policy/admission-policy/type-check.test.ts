import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ValidatingAdmissionPolicySpec } from '../../resources/generated/types.ts'
import { declareSchema } from '../cel/openapi-types.ts'
import type { OpenApiSchema } from '../cel/openapi-schema.ts'
import { dynType } from '../cel/types.ts'
import { noTypes } from '../cel/object-type.ts'
import { AdmissionEnvironments } from './admission-environment.ts'
import { kindsOf, typeWarnings, type KindSource } from './type-check.ts'

const environments = new AdmissionEnvironments()
const KINDS: Readonly<Record<string, string>> = { 'apps/v1/deployments': 'Deployment', '/v1/pods': 'Pod', 'example.com/v1/things': 'Thing' }

/** Every kind has this schema; undefined: none is known. */
function sourceOf(schema: OpenApiSchema | undefined): KindSource {
  return {
    kindOf(group, version, resource) {
      const kind = KINDS[`${group}/${version}/${resource}`]
      return kind === undefined ? undefined : { group, version, kind }
    },
    typeOf({ kind }) {
      if (schema === undefined) return undefined
      const declared = declareSchema(schema, kind)
      return declared === undefined ? { type: dynType, types: noTypes } : { type: declared.type, types: declared.provider }
    },
  }
}

const rule = (group: string, version: string, ...resources: string[]): object => ({ apiGroups: [group], apiVersions: [version], resources, operations: ['*'] })
const specOf = (spec: object, rules: object[] = [rule('apps', 'v1', 'deployments')]): ValidatingAdmissionPolicySpec => ({ ...spec, matchConstraints: { resourceRules: rules } })
const objectOf = (properties: OpenApiSchema['properties'] = {}): OpenApiSchema => ({ type: 'object', properties })

test('which kinds a policy is checked for', () => {
  const table: [object[], string[]][] = [
    [[], []],
    [[rule('apps', 'v1', 'deployments')], ['Deployment']],
    [[rule('apps', 'v1', 'deployments'), rule('', 'v1', 'pods')], ['Pod', 'Deployment']],
    [[rule('apps', 'v1', '*')], []],
    [[rule('apps', 'v1', 'deployments/*', 'deployments/scale')], []],
    [[rule('apps', 'v1', 'deployments'), rule('apps', '*', 'deployments')], ['Deployment']],
    [[rule('nowhere', 'v1', 'deployments')], []],
  ]
  for (const [rules, expected] of table) assert.deepEqual(kindsOf(specOf({}, rules), sourceOf(undefined)).map(({ kind }) => kind), expected)
})

test('what does not fit', () => {
  const text: OpenApiSchema = { type: 'string' }
  const foo = objectOf({ foo: text })
  const expression = (text: string, messageExpression?: string): object => ({ validations: [{ expression: text, ...(messageExpression === undefined ? {} : { messageExpression }) }] })
  const first = 'spec.validations[0].expression: apps/v1, Kind=Deployment: ERROR: <input>:1:'
  const table: [object, OpenApiSchema | undefined, string[]][] = [
    [expression('object.foo == "bar"'), undefined, []],
    [expression('object.foo == "bar"'), foo, []],
    [expression('object.foo == "bar"'), {}, []],
    [expression('object.foo == "bar"'), objectOf({ bar: text }), [`${first}7: undefined field 'foo'\n | object.foo == "bar"\n | ......^\n`]],
    [expression('object.foo == "bar"'), objectOf({ foo: { type: 'integer' } }), [`${first}12: found no matching overload for '_==_' applied to '(int, string)'\n | object.foo == "bar"\n | ...........^\n`]],
    [{ validations: [{ expression: 'object.foo == ""' }, { expression: 'oldObject.bar == ""' }] }, foo, [`spec.validations[1].expression: apps/v1, Kind=Deployment: ERROR: <input>:1:10: undefined field 'bar'\n | oldObject.bar == ""\n | .........^\n`]],
    [expression('object.foo == ""', 'object.foo + 1'), foo, [`spec.validations[0].messageExpression: apps/v1, Kind=Deployment: ERROR: <input>:1:12: found no matching overload for '_+_' applied to '(string, int)'\n | object.foo + 1\n | ...........^\n`]],
    [{ paramKind: { apiVersion: 'v1', kind: 'Limits' }, ...expression('object.foo == params.bar') }, foo, [`${first}21: undefined field 'bar'\n | object.foo == params.bar\n | ....................^\n`]],
    [expression('params.bar == ""'), foo, [`${first}1: undeclared reference to 'params' (in container '')\n | params.bar == ""\n | ^\n`]],
    [expression('authorizer.group("").resource("endpoints").check("create").allowed()'), foo, []],
    [expression('authorizer.allowed()'), foo, [`${first}19: found no matching overload for 'allowed' applied to 'kubernetes.authorization.Authorizer.()'\n | authorizer.allowed()\n | ..................^\n`]],
    [{ variables: [{ name: 'works', expression: 'object.foo' }], ...expression('variables.works == "x"') }, foo, []],
    [{ variables: [{ name: 'works', expression: 'true' }], ...expression('variables.none') }, foo, [`${first}10: undefined field 'none'\n | variables.none\n | .........^\n`]],
    [{ variables: [{ name: 'broken', expression: 'object.none' }], ...expression('variables.broken == "x"') }, foo, []],
  ]
  for (const [spec, schema, expected] of table) {
    const warnings = typeWarnings(specOf(spec), sourceOf(schema), environments)
    assert.deepEqual(warnings.map(({ fieldRef, warning }) => `${fieldRef}: ${warning}`), expected, JSON.stringify(spec))
  }
  const both = typeWarnings(specOf(expression('object.none == 1'), [rule('apps', 'v1', 'deployments'), rule('', 'v1', 'pods')]), sourceOf(foo), environments)
  assert.deepEqual(both.map(({ warning }) => warning.split('\n').filter((line) => line.includes('Kind='))), [
    [`/v1, Kind=Pod: ERROR: <input>:1:7: undefined field 'none'`, `apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'none'`],
  ])
})
