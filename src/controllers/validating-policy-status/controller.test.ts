import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CustomResourceDefinition, ValidatingAdmissionPolicy } from '../../resources/generated/types.ts'
import { PolicyTypeChecker } from './controller.ts'

const checker = new PolicyTypeChecker()

function policy(group: string, resource: string, expression: string, status: object = {}): ValidatingAdmissionPolicy {
  const matchConstraints = { resourceRules: [{ apiGroups: [group], apiVersions: ['v1'], resources: [resource], operations: ['*'] }] }
  return {
    apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'p', uid: 'u', generation: 2 },
    spec: { matchConstraints, validations: [{ expression }] }, status,
  }
}

const definition: CustomResourceDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com', scope: 'Namespaced', names: { kind: 'Thing', plural: 'things' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } } } } }],
  },
  status: { conditions: [{ type: 'Established', status: 'True' }] },
}

test('the status that a policy gets', () => {
  const status = (given: ValidatingAdmissionPolicy): unknown => {
    const [action] = checker.plan({ policy: given, definitions: [definition] }).actions
    return action?.verb === 'update' && 'status' in action.object ? action.object.status : undefined
  }
  const fits = { observedGeneration: 2, typeChecking: {} }
  const warns = (warning: string): object => ({ observedGeneration: 2, typeChecking: { expressionWarnings: [{ fieldRef: 'spec.validations[0].expression', warning }] } })
  const table: [ValidatingAdmissionPolicy, unknown][] = [
    [policy('apps', 'deployments', 'object.spec.replicas > 1 && object.metadata.labels.size() > 0'), fits],
    [policy('apps', 'deployments', 'object.replicas > 1'), warns("apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n")],
    [policy('apps', 'deployments', 'object.spec.template.spec.containers.all(c, c.image == 1)'), warns("apps/v1, Kind=Deployment: ERROR: <input>:1:53: found no matching overload for '_==_' applied to '(string, int)'\n | object.spec.template.spec.containers.all(c, c.image == 1)\n | ....................................................^\n")],
    [policy('example.com', 'things', 'object.spec.size > 1 && object.metadata.name != "" && object.kind == "Thing"'), fits],
    [policy('example.com', 'things', 'object.spec.sizes > 1'), warns("example.com/v1, Kind=Thing: ERROR: <input>:1:12: undefined field 'sizes'\n | object.spec.sizes > 1\n | ...........^\n")],
    [policy('*', '*', 'object.none'), fits],
    [policy('apps', 'deployments', 'object.none', { observedGeneration: 1, typeChecking: { expressionWarnings: [] } }), warns("apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'none'\n | object.none\n | ......^\n")],
    [policy('apps', 'deployments', 'object.none', { observedGeneration: 2 }), undefined],
  ]
  for (const [given, expected] of table) assert.deepEqual(status(given), expected)
})
