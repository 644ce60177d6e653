import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AdmissionEnvironments } from '../../policy/admission-policy/admission-environment.ts'
import { ExpressionChecker } from '../../policy/admission-policy/expression-check.ts'
import type { JsonObject } from '../../objects/json.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import { memberOf, startTestServer, testUser, type TestServer } from '../apiserver.testing.ts'
import { readAuditPolicy } from '../audit/audit-policy.ts'
import type { AuditConfig } from '../audit/auditor.ts'
import { expressionValidator } from './expression-validator.ts'
import { policiesMayMean } from './invocations.ts'
import { WebhookMetrics } from '../webhooks/webhook-metrics.ts'
import { PolicyMetrics } from './policy-metrics.ts'
import { validatingPolicies } from './validating-policies.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const GROUP = '/apis/admissionregistration.k8s.io/v1'
const environments = new AdmissionEnvironments()

function server(audit?: AuditConfig): Promise<TestServer> {
  return startTestServer({
    audit,
    extensions: ({ equivalents, served, converting, definitions, clock }) => ({
      validators: [
        expressionValidator(new ExpressionChecker(environments), definitions),
        validatingPolicies({ environments, equivalents, served, converting, metrics: new PolicyMetrics(clock), conditionMetrics: new WebhookMetrics(clock), authorizer: { authorize: (_user, { verb }) => ({ allowed: verb !== 'delete', reason: '' }) } }),
      ],
    }),
  })
}

const CONFIG_MAP_RULES = { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE', 'UPDATE'] }] }

async function policy(at: TestServer, spec: object, binding: object = {}): Promise<void> {
  const meta = (kind: string, body: object): object => ({ apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: 'rules' }, spec: body })
  const made = await at.request('POST', `${GROUP}/validatingadmissionpolicies`, meta('ValidatingAdmissionPolicy', { matchConstraints: CONFIG_MAP_RULES, ...spec }))
  assert.equal(made.status, 201, made.text)
  const bound = await at.request('POST', `${GROUP}/validatingadmissionpolicybindings`, meta('ValidatingAdmissionPolicyBinding', { policyName: 'rules', validationActions: ['Deny'], ...binding }))
  assert.equal(bound.status, 201, bound.text)
}

const configMap = (name: string, data: object = {}, labels: object = {}): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data })

test('a policy refuses in its words', async () => {
  const DENIED = `configmaps "a" is forbidden: ValidatingAdmissionPolicy 'rules' with binding 'rules' denied request: `
  const table: [object, object, number, string][] = [
    [{ validations: [{ expression: 'has(object.data)' }] }, { x: '1' }, 201, ''],
    [{ validations: [{ expression: '"team" in object.data' }] }, { x: '1' }, 422, `${DENIED}failed expression: "team" in object.data`],
    [{ validations: [{ expression: 'false', message: 'never', reason: 'Forbidden' }] }, {}, 403, `${DENIED}never`],
    [{ validations: [{ expression: 'object.data.none == "x"' }] }, { x: '1' }, 422, `${DENIED}expression 'object.data.none == "x"' resulted in error: no such key: none`],
    [{ failurePolicy: 'Ignore', validations: [{ expression: 'object.data.none == "x"' }] }, { x: '1' }, 201, ''],
    [{ matchConditions: [{ name: 'mine', expression: 'object.metadata.name != "a"' }], validations: [{ expression: 'false' }] }, {}, 201, ''],
    [{ variables: [{ name: 'count', expression: 'size(object.data)' }], validations: [{ expression: 'variables.count < 2', messageExpression: '"has " + string(variables.count)' }] }, { x: '1', y: '2' }, 422, `${DENIED}has 2`],
    [{ validations: [{ expression: 'authorizer.requestResource.check("delete").allowed()', message: 'may not delete' }] }, {}, 422, `${DENIED}may not delete`],
    [{ validations: [{ expression: 'request.userInfo.username == "alice" && namespaceObject.metadata.name == "default"' }] }, {}, 422, ''],
  ]
  for (const [spec, data, status, message] of table) {
    const at = await server()
    await policy(at, spec)
    const answer = await at.request('POST', CONFIG_MAPS, configMap('a', data))
    if (message !== '') assert.equal(answer.get('message'), message)
    if (message !== '' || status === 201) assert.equal(answer.status, status, answer.text)
    at.stop()
  }
})

test('a binding chooses, warns, and brings parameters', async () => {
  const at = await server()
  const spec = { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'size(object.data) <= int(params.data.max)', message: 'too many' }] }
  const paramRef = { name: 'limits', namespace: 'default', parameterNotFoundAction: 'Allow' }
  await policy(at, spec, { paramRef, validationActions: ['Warn'], matchResources: { objectSelector: { matchLabels: { limited: 'yes' } } } })
  const warned = async (name: string, labels: object = { limited: 'yes' }): Promise<string | undefined> =>
    (await at.request('POST', CONFIG_MAPS, configMap(name, { x: '1', y: '2' }, labels))).headers['warning']
  assert.equal(await warned('no-params'), undefined)
  await at.request('POST', CONFIG_MAPS, configMap('limits', { max: '1' }))
  assert.equal(await warned('a'), `299 - "Validation failed for ValidatingAdmissionPolicy 'rules' with binding 'rules': too many"`)
  assert.equal(await warned('b', {}), undefined)
  at.stop()
})

test('what a policy tells the audit, and what it does about errors', async () => {
  const DENIED = `configmaps "a" is forbidden: ValidatingAdmissionPolicy 'rules' with binding 'rules' denied request: `
  const FAILURE = 'validation.policy.admission.k8s.io/validation_failure'
  const auditAnnotations = [{ key: 'size', valueExpression: '"has " + string(size(object.data))' }, { key: 'none', valueExpression: 'null' }]
  const broken = [{ key: 'broken', valueExpression: 'string(object.data.none)' }]
  const error = `expression 'object.data.none == "x"' resulted in error: no such key: none`
  const table: [object, object, number, string, Record<string, string | undefined>][] = [
    [{ validations: [{ expression: 'true' }], auditAnnotations }, {}, 201, '', { 'rules/size': 'has 1', 'rules/none': undefined }],
    [{ validations: [{ expression: 'true' }, { expression: 'false', message: 'no' }] }, { validationActions: ['Audit'] }, 201, '',
      { [FAILURE]: JSON.stringify([{ message: 'no', policy: 'rules', binding: 'rules', expressionIndex: 1, validationActions: ['Audit'] }]) }],
    [{ validations: [{ expression: 'object.data.none == "x"' }] }, { validationActions: ['Audit'] }, 201, '',
      { [FAILURE]: JSON.stringify([{ message: error, policy: 'rules', binding: 'rules', expressionIndex: 0, validationActions: ['Audit'] }]) }],
    [{ validations: [{ expression: 'object.data.none == "x"' }] }, { validationActions: ['Warn'] }, 201, '', { [FAILURE]: undefined }],
    [{ auditAnnotations: broken }, { validationActions: ['Warn'] }, 422, `${DENIED}expression 'string(object.data.none)' resulted in error: no such key: none`, {}],
    [{ auditAnnotations: broken, failurePolicy: 'Ignore' }, {}, 201, '', { 'rules/broken': undefined }],
    [{ validations: [{ expression: 'false', message: 'big', reason: 'RequestEntityTooLarge' }] }, {}, 413, `${DENIED}big`, {}],
  ]
  const read = readAuditPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules: [{ level: 'Metadata', resources: [{ group: '', resources: ['configmaps'] }] }] })
  assert(read.outcome === 'policy')
  for (const [spec, binding, status, message, expected] of table) {
    const lines: JsonObject[] = []
    const at = await server({ policy: read.policy, sinks: [{ plugin: 'test', lost: 0, take: (line: string) => void lines.push(JSON.parse(line)) }] })
    await policy(at, spec, binding)
    const answer = await at.request('POST', CONFIG_MAPS, configMap('a', { x: '1' }))
    assert.deepEqual([answer.status, message === '' ? '' : answer.get('message')], [status, message], answer.text)
    const annotations = memberOf(lines[0], 'annotations') as Record<string, string>
    for (const [key, value] of Object.entries(expected)) assert.equal(annotations[key], value, key)
    at.stop()
  }
})

test('parameters of a kind that nobody serves are the policy\'s fault', async () => {
  const at = await server()
  await policy(at, { paramKind: { apiVersion: 'example.com/v1', kind: 'Limits' }, validations: [{ expression: 'true' }] }, { paramRef: { name: 'x', parameterNotFoundAction: 'Allow' }, validationActions: ['Warn'] })
  const answer = await at.request('POST', CONFIG_MAPS, configMap('a'))
  const why = `failed to configure policy: failed to find resource referenced by paramKind: 'example.com/v1, Kind=Limits'`
  assert.deepEqual([answer.status, answer.get('message')], [422, `configmaps "a" is forbidden: ValidatingAdmissionPolicy 'rules' denied request: ${why}`])
  at.stop()
})

test('reviews of rights and tokens are never barred', async () => {
  const at = await server()
  const everything = { resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], operations: ['*'] }] }
  await policy(at, { matchConstraints: everything, validations: [{ expression: 'false' }] })
  const requests = [kinds.SelfSubjectReview, kinds.TokenReview, kinds.SubjectAccessReview, kinds.ConfigMap, kinds.ValidatingAdmissionPolicy].map((kind) => (
    { operation: 'CREATE' as const, kind, key: { namespace: '', name: '' }, subresource: '', object: undefined, old: undefined, user: testUser, dryRun: false }))
  assert.deepEqual(requests.map(policiesMayMean), [false, false, false, true, false])
  at.stop()
})

test('expressions that cannot work are refused when they are written', async () => {
  const at = await server()
  const spec = { matchConstraints: CONFIG_MAP_RULES, validations: [{ expression: 'object.' }] }
  const answer = await at.request('POST', `${GROUP}/validatingadmissionpolicies`, { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'x' }, spec })
  assert.equal(answer.status, 422)
  assert.match(String(answer.get('message')), /^ValidatingAdmissionPolicy\.admissionregistration\.k8s\.io "x" is invalid: spec\.validations\[0\]\.expression: Invalid value: "object\.": compilation failed: ERROR: <input>:1:/)
  at.stop()
})
