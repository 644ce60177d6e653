import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleFlowSchema, samplePriorityLevel } from '../../sample-extension-objects.testing.ts'
import { cellsOf, changed, created, createChecks } from '../checking.testing.ts'
import { flowSchemas } from './flow-schema.ts'
import { mandatoryFlowSchemas, mandatoryPriorityLevels } from './mandatory.ts'
import { priorityLevelConfigurations } from './priority-level-configuration.ts'

test('a FlowSchema', () => {
  const check = createChecks(flowSchemas, sampleFlowSchema)
  assert.equal(created(flowSchemas, sampleFlowSchema()).spec?.matchingPrecedence, 1000)
  check({})
  check({ 'spec.matchingPrecedence': -1 }, 'spec.matchingPrecedence: Invalid value: -1: must be a positive value')
  check({ 'spec.matchingPrecedence': 10001 }, 'spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000')
  check({ 'spec.matchingPrecedence': 1 }, "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1")
  check({ 'spec.distinguisherMethod': { type: 'ByMood' } },
    'spec.distinguisherMethod.type: Unsupported value: {"type":"ByMood"}: supported values: "ByNamespace", "ByUser"')
  check({ 'spec.priorityLevelConfiguration.name': '' }, 'spec.priorityLevelConfiguration.name: Required value: must reference a priority level')
  check({ 'metadata.name': 'exempt', spec: mandatoryFlowSchemas['exempt'] })
  check({ 'metadata.name': 'catch-all', spec: { ...mandatoryFlowSchemas['catch-all'], rules: [] } }, 'spec: Invalid value: {"priorityLevelConfiguration":{"name":"catch-all"}'
    + ',"matchingPrecedence":10000,"distinguisherMethod":{"type":"ByUser"},"rules":[]}: spec of \'catch-all\' must equal the fixed value')
})

test('the rules of a FlowSchema', () => {
  const checkAll = createChecks(flowSchemas, sampleFlowSchema)
  const check = (field: string, value: unknown, ...expected: string[]): void => (
    checkAll({ [`spec.rules[0]${field}`]: value }, ...expected.map((text) => `spec.rules[0]${text}`)))
  check('.subjects', [], '.subjects: Required value: subjects must contain at least one value')
  check('.resourceRules', [], ': Required value: at least one of resourceRules and nonResourceRules has to be non-empty')
  check('.subjects[0]', { kind: 'Robot' }, '.subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"')
  check('.subjects[0]', { kind: 'Group', user: { name: 'a' } }, ".subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'",
    ".subjects[0].group: Required value: group is required when subject kind is 'Group'")
  check('.subjects[0]', { kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: '' } },
    '.subjects[0].serviceAccount.namespace: Required value: must specify namespace for service account')
  check('.resourceRules[0].verbs', ['*', 'get'], ".resourceRules[0].verbs: Invalid value: [\"*\",\"get\"]: if '*' is present, must not specify other verbs")
  check('.resourceRules[0].verbs', ['look'], '.resourceRules[0].verbs: Unsupported value: ["look"]: supported values: "create", "delete", "deletecollection",'
    + ' "get", "list", "patch", "proxy", "update", "watch"')
  check('.resourceRules[0].apiGroups', [], '.resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group')
  check('.resourceRules[0].namespaces', [], '.resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace')
  const url = (value: string, expected: string): void => check('.nonResourceRules', [{ verbs: ['get'], nonResourceURLs: [value] }],
    ...(expected === '' ? [] : [`.nonResourceRules[0].nonResourceURLs[0]: Invalid value: ${JSON.stringify(value)}: ${expected}`]))
  url('/metrics/*', '')
  url('', 'must not be empty')
  url('a', 'must start with slash')
  url('/a b', 'must not contain white-space')
  url('/a//b', 'must not contain double slash')
  url('/a*', 'wildcard can only do suffix matching')
})

test('a PriorityLevelConfiguration', () => {
  const check = createChecks(priorityLevelConfigurations, samplePriorityLevel)
  assert.deepEqual(created(priorityLevelConfigurations, samplePriorityLevel()).spec?.limited, {
    nominalConcurrencyShares: 30, lendablePercent: 0, limitResponse: { type: 'Queue', queuing: { handSize: 8, queues: 64, queueLengthLimit: 50 } },
  })
  check({ 'spec.limited.nominalConcurrencyShares': 0 })
  check({ 'spec.limited.nominalConcurrencyShares': -1 }, 'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer')
  check({ 'spec.limited.lendablePercent': 101 }, 'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive')
  check({ 'spec.limited.borrowingLimitPercent': -1 }, 'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer')
  check({ 'spec.limited': undefined }, 'spec.limited: Required value: must not be empty when type is Limited')
  check({ 'spec.exempt': {} }, 'spec.exempt: Forbidden: must be nil if the type is Limited')
  check({ 'spec.type': 'Exempt' }, "spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if name is 'exempt'",
    'spec.limited: Forbidden: must be nil if the type is not Limited')
  check({ 'spec.limited.limitResponse.type': 'Reject' },
    'spec.limited.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited')
  check({ 'spec.limited.limitResponse.queuing': undefined },
    'spec.limited.limitResponse.queuing: Required value: must not be empty if limited.limitResponse.type is Limited')
  check({ 'spec.limited.limitResponse.queuing': { queues: 4, handSize: 5 } },
    'spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be greater than queues (4)')
  check({ 'spec.limited.limitResponse.queuing': { queues: 1000, handSize: 10 } }, 'spec.limited.limitResponse.queuing.handSize: Invalid value: 10:'
    + ' required entropy bits of deckSize 1000 and handSize 10 should not be greater than 60')
  check({ 'metadata.name': 'exempt', spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 5, lendablePercent: 50 } } })
  check({ 'metadata.name': 'catch-all', spec: mandatoryPriorityLevels['catch-all'] })
})

test('what flow control shows', () => {
  const schema = changed(created(flowSchemas, sampleFlowSchema()), { 'status.conditions': [{ type: 'Dangling', status: 'True' }] })
  assert.deepEqual(cellsOf(flowSchemas, schema),
    { PriorityLevel: 'workload-low', MatchingPrecedence: 1000, DistinguisherMethod: '<none>', Age: '<unknown>', MissingPL: 'True' })
  assert.equal(cellsOf(flowSchemas, sampleFlowSchema())['MissingPL'], '?')
  assert.deepEqual(cellsOf(priorityLevelConfigurations, created(priorityLevelConfigurations, samplePriorityLevel())), {
    Type: 'Limited', NominalConcurrencyShares: 30, Queues: 64, HandSize: 8, QueueLengthLimit: 50, Age: '<unknown>',
  })
  const exempt = changed(samplePriorityLevel(), { spec: { type: 'Exempt' } })
  assert.equal(cellsOf(priorityLevelConfigurations, exempt)['NominalConcurrencyShares'], '<none>')
})
