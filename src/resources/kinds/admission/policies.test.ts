import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  sampleMutatingBinding, sampleMutatingPolicy, sampleValidatingBinding, sampleValidatingPolicy,
} from '../../sample-extension-objects.testing.ts'
import { cellsOf, changed, context, created, createChecks, messagesOf } from '../checking.testing.ts'
import { mutatingAdmissionPolicies, mutatingAdmissionPolicyBindings } from './mutating-admission-policy.ts'
import { validatingAdmissionPolicyBindings } from './validating-admission-policy-binding.ts'
import { validatingAdmissionPolicies } from './validating-admission-policy.ts'

const LINE_BREAK = 'a\nb'

test('a ValidatingAdmissionPolicy', () => {
  const check = createChecks(validatingAdmissionPolicies, sampleValidatingPolicy)
  check({})
  check({ 'spec.failurePolicy': 'x' }, 'spec.failurePolicy: Unsupported value: "x": supported values: "Fail", "Ignore"')
  check({ 'spec.matchConstraints': undefined }, 'spec.matchConstraints: Required value')
  check({ 'spec.matchConstraints.resourceRules': [] }, 'spec.matchConstraints.resourceRules: Required value')
  check({ 'spec.matchConstraints.resourceRules[0].resourceNames': ['a', 'a', 'b/c'] },
    'spec.matchConstraints.resourceRules[0].resourceNames[1]: Duplicate value: "a"',
    "spec.matchConstraints.resourceRules[0].resourceNames[2]: Invalid value: \"b/c\": may not contain '/'")
  check({ 'spec.paramKind': { apiVersion: 'a/b/c', kind: '' } }, 'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
    'spec.paramKind.kind: Required value')
  check({ 'spec.paramKind': { apiVersion: 'example.com/v1', kind: 'Limits' } })
  check({ 'spec.variables': [{ name: 'in', expression: '' }, { name: ' ', expression: '1' }] },
    'spec.variables[0].name: Invalid value: "in": name is not a valid CEL identifier', 'spec.variables[0].expression: Required value: expression is not specified',
    'spec.variables[1].name: Required value: name is not specified')
  check({ 'spec.validations': [] }, 'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
    'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item')
  check({ 'spec.validations[0]': { expression: ' ', messageExpression: ' ', message: ' ', reason: 'Odd' } },
    'spec.validations[0].expression: Required value: expression is not specified',
    'spec.validations[0].messageExpression: Invalid value: " ": must be non-empty if specified',
    'spec.validations[0].message: Invalid value: " ": message must be non-empty if specified',
    'spec.validations[0].reason: Unsupported value: "Odd": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"')
  check({ 'spec.validations[0].message': LINE_BREAK }, 'spec.validations[0].message: Invalid value: "a\\nb": message must not contain line breaks')
  const annotation = { key: 'why', valueExpression: '"because"' }
  check({ 'spec.validations': [], 'spec.auditAnnotations': [annotation] })
  check({ 'spec.auditAnnotations': [annotation, { key: 'why', valueExpression: '' }, { key: 'long', valueExpression: 'x'.repeat(5121) }] },
    'spec.auditAnnotations[1].valueExpression: Required value: valueExpression is not specified', 'spec.auditAnnotations[1].key: Duplicate value: "why"',
    'spec.auditAnnotations[2].valueExpression: Required value: must not exceed 5120 bytes in length')
})

test('the status of a policy', () => {
  const old = created(validatingAdmissionPolicies, changed(sampleValidatingPolicy(), { status: { observedGeneration: 3 } }))
  assert.deepEqual(old.status, {})
  const conditions = [{ type: 'Ready', status: 'Maybe', reason: '', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }]
  const draft = { ...sampleValidatingPolicy(), spec: {}, status: { typeChecking: { expressionWarnings: [{ warning: '', fieldRef: ' ' }] }, conditions } }
  validatingAdmissionPolicies.status?.prepareForUpdate(draft, old, context)
  assert.equal(draft.spec, old.spec)
  assert.deepEqual(messagesOf(validatingAdmissionPolicies.status?.validateUpdate(draft, old) ?? []), [
    'status.typeChecking.expressionWarnings[0].warning: Required value', 'status.typeChecking.expressionWarnings[0].fieldRef: Required value',
    'status.conditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"', 'status.conditions[0].reason: Required value: must be set',
  ])
})

test('the expressions of policies, in the order in which they may refer to each other', () => {
  const policy = changed(sampleValidatingPolicy(), {
    'spec.paramKind': { apiVersion: 'v1', kind: 'ConfigMap' },
    'spec.matchConditions': [{ name: 'a', expression: 'm' }],
    'spec.variables': [{ name: 'x', expression: 'v' }],
    'spec.validations': [{ expression: 'e', messageExpression: 't' }],
    'spec.auditAnnotations': [{ key: 'k', valueExpression: ' a ' }],
  })
  assert.deepEqual(validatingAdmissionPolicies.expressionsOf(policy).map(({ use, path, text, name, hasParams }) => [use, path, text, name, hasParams]), [
    ['match-condition', 'spec.matchConditions[0].expression', 'm', '', true],
    ['variable', 'spec.variables[0].expression', 'v', 'x', true],
    ['validation', 'spec.validations[0].expression', 'e', '', true],
    ['message', 'spec.validations[0].messageExpression', 't', '', true],
    ['audit-annotation', 'spec.auditAnnotations[0].valueExpression', 'a', '', true],
  ])
  assert.deepEqual(mutatingAdmissionPolicies.expressionsOf(sampleMutatingPolicy()).map(({ use, path }) => [use, path]),
    [['json-patch', 'spec.mutations[0].jsonPatch.expression']])
})

test('a ValidatingAdmissionPolicyBinding', () => {
  const check = createChecks(validatingAdmissionPolicyBindings, sampleValidatingBinding)
  check({})
  check({ 'spec.policyName': '' }, 'spec.policyName: Required value')
  check({ 'spec.validationActions': [] }, 'spec.validationActions: Required value: at least one validation action is required')
  check({ 'spec.validationActions': ['Audit', 'Audit', 'Shout'] }, 'spec.validationActions[1]: Duplicate value: "Audit"',
    'spec.validationActions[2]: Unsupported value: "Shout": supported values: "Audit", "Deny", "Warn"')
  check({ 'spec.validationActions': ['Deny', 'Warn'] }, 'spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn'
    + ' (repeating the same validation failure information in the API response and headers serves no purpose)')
  check({ 'spec.paramRef': {} }, 'spec.paramRef: Required value: one of name or selector must be specified', 'spec.paramRef.parameterNotFoundAction: Required value')
  check({ 'spec.paramRef': { name: 'a', selector: {}, parameterNotFoundAction: 'Allow' } },
    'spec.paramRef.name: Forbidden: name and selector are mutually exclusive', 'spec.paramRef.selector: Forbidden: name and selector are mutually exclusive')
  check({ 'spec.paramRef': { name: 'a', parameterNotFoundAction: 'Wait' } },
    'spec.paramRef.parameterNotFoundAction: Unsupported value: "Wait": supported values: "Deny", "Allow"')
  check({ 'spec.matchResources': { matchPolicy: 'x' } }, 'spec.matchResources.matchPolicy: Unsupported value: "x": supported values: "Equivalent", "Exact"')
})

test('mutating policies', () => {
  const check = createChecks(mutatingAdmissionPolicies, sampleMutatingPolicy)
  check({})
  check({ 'spec.reinvocationPolicy': undefined }, 'spec.reinvocationPolicy: Required value')
  check({ 'spec.mutations': [] }, 'spec.mutations: Required value: mutations must contain at least one item')
  check({ 'spec.mutations[0]': { patchType: 'Merge' } },
    'spec.mutations[0].patchType: Unsupported value: "Merge": supported values: "ApplyConfiguration", "JSONPatch"')
  check({ 'spec.mutations[0]': { patchType: 'ApplyConfiguration', jsonPatch: { expression: '[]' } } },
    'spec.mutations[0].applyConfiguration: Required value: must be specified when patchType is ApplyConfiguration',
    'spec.mutations[0].jsonPatch: Invalid value: "{jsonPatch}": must not be specified when patchType is ApplyConfiguration')
  check({ 'spec.mutations[0].jsonPatch': { expression: ' ' } }, 'spec.mutations[0].jsonPatch.expression: Required value')
  check({ 'spec.matchConstraints.resourceRules[0].operations': ['CREATE', 'DELETE'] },
    'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"')
  const binding = created(mutatingAdmissionPolicyBindings, changed(sampleMutatingBinding(), { 'spec.paramRef': { name: 'limits' }, 'spec.matchResources': {} }))
  assert.deepEqual(binding.spec, {
    policyName: 'a', paramRef: { name: 'limits', parameterNotFoundAction: 'Deny' },
    matchResources: { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} },
  })
  assert.deepEqual(mutatingAdmissionPolicyBindings.validateCreate(binding), [])
})

test('what policies show', () => {
  const policy = changed(sampleValidatingPolicy(), { 'spec.paramKind': { apiVersion: 'v1', kind: 'ConfigMap' } })
  assert.deepEqual(cellsOf(validatingAdmissionPolicies, policy), { Validations: 1, ParamKind: 'v1/ConfigMap', Age: '<unknown>' })
  assert.deepEqual(cellsOf(mutatingAdmissionPolicies, sampleMutatingPolicy()), { Mutations: 1, ParamKind: '<unset>', Age: '<unknown>' })
  const binding = changed(sampleValidatingBinding(), { 'spec.paramRef': { name: 'limits', namespace: 'ops' } })
  assert.deepEqual(cellsOf(validatingAdmissionPolicyBindings, binding), { PolicyName: 'a', ParamRef: 'ops/limits', Age: '<unknown>' })
  const paramRef = (ref: object | undefined): unknown => (
    cellsOf(validatingAdmissionPolicyBindings, changed(sampleValidatingBinding(), { 'spec.paramRef': ref }))['ParamRef'])
  const selector = { matchLabels: { b: '2', a: '1' }, matchExpressions: [{ key: 'k', operator: 'In', values: ['v', 'w'] }] }
  assert.equal(paramRef(undefined), '<unset>')
  assert.equal(paramRef({ name: 'limits' }), '*/limits')
  assert.equal(paramRef({ selector }), '&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},'
    + 'MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[v w],},},}')
})
