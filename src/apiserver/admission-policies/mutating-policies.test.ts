import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../objects/json.ts'
import { AdmissionEnvironments } from '../../policy/admission-policy/admission-environment.ts'
import { ExpressionChecker } from '../../policy/admission-policy/expression-check.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Mutator } from '../access.ts'
import { memberOf, startTestServer, type TestServer } from '../apiserver.testing.ts'
import { expositionOf } from '../metrics/metric-family.ts'
import { WebhookMetrics } from '../webhooks/webhook-metrics.ts'
import { expressionValidator } from './expression-validator.ts'
import { mutatingPolicies } from './mutating-policies.ts'
import { PolicyMetrics } from './policy-metrics.ts'

const GROUP = '/apis/admissionregistration.k8s.io/v1alpha1'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const environments = new AdmissionEnvironments()

interface Bed extends TestServer {
  readonly counts: { readonly policies: PolicyMetrics; readonly conditions: WebhookMetrics }
}

async function server(builtIn: readonly Mutator[] = []): Promise<Bed> {
  let counts: Bed['counts'] | undefined
  const made = await startTestServer({
    extensions: ({ equivalents, served, converting, definitions, schemaOf, decode, clock }) => {
      counts = { policies: new PolicyMetrics(clock), conditions: new WebhookMetrics(clock) }
      const authorizer = { authorize: () => ({ allowed: true, reason: '' }) }
      const parts = { environments, authorizer, equivalents, served, converting, schemaOf, decode, metrics: counts.policies, conditionMetrics: counts.conditions }
      return { mutators: [...builtIn, mutatingPolicies(parts)], validators: [expressionValidator(new ExpressionChecker(environments), definitions)] }
    },
  })
  assert(counts !== undefined)
  return Object.assign(made, { counts })
}

const RULES = (...resources: string[]): object => ({
  resourceRules: [{ apiGroups: ['', 'apps', 'autoscaling', 'events.k8s.io'], apiVersions: ['v1'], resources, operations: ['CREATE', 'UPDATE'] }],
})
const apply = (expression: string): object => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } })
const patch = (expression: string): object => ({ patchType: 'JSONPatch', jsonPatch: { expression } })

async function policy(at: TestServer, name: string, mutations: readonly object[], more: object = {}, binding: object = {}): Promise<void> {
  const of = (kind: string, spec: object): object => ({ apiVersion: 'admissionregistration.k8s.io/v1alpha1', kind, metadata: { name }, spec })
  const spec = { matchConstraints: RULES('deployments'), reinvocationPolicy: 'Never', mutations, ...more }
  const made = await at.request('POST', `${GROUP}/mutatingadmissionpolicies`, of('MutatingAdmissionPolicy', spec))
  assert.equal(made.status, 201, made.text)
  const bound = await at.request('POST', `${GROUP}/mutatingadmissionpolicybindings`, of('MutatingAdmissionPolicyBinding', { policyName: name, ...binding }))
  assert.equal(bound.status, 201, bound.text)
}

function deployment(name: string, more: JsonObject = {}): object {
  const labels = { app: name }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'a:1' }, { name: 'b', image: 'b:1' }] } }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, labels }, spec: { replicas: 2, selector: { matchLabels: labels }, template, ...more } }
}

test('what mutations make of a Deployment', async () => {
  const CONTAINERS = 'spec.template.spec.containers'
  const spec = (fields: string): string => `Object{spec: Object.spec{${fields}}}`
  const podSpec = (fields: string): string => spec(`template: Object.spec.template{spec: Object.spec.template.spec{${fields}}}`)
  const table: [object[], string, unknown][] = [
    [[apply(spec('replicas: object.spec.replicas % 2 == 0 ? object.spec.replicas + 1 : object.spec.replicas'))], 'spec.replicas', 3],
    [[apply(spec('replicas: object.spec.replicas + 100')), patch('[JSONPatch{op: "replace", path: "/spec/replicas", value: object.spec.replicas + 10}]')], 'spec.replicas', 112],
    [[apply('Object{metadata: Object.metadata{labels: {"tier": "web"}}}')], 'metadata.labels', { app: 'd', tier: 'web' }],
    [[apply(podSpec('containers: [Object.spec.template.spec.containers{name: "b", image: "b:2"}]'))], `${CONTAINERS}.1.image`, 'b:2'],
    [[apply(podSpec('containers: [Object.spec.template.spec.containers{name: "b", image: "b:2"}]'))], `${CONTAINERS}.0.image`, 'a:1'],
    [[apply(podSpec('initContainers: [Object.spec.template.spec.initContainers{name: "i", image: "i:1", restartPolicy: "Always"}]'))], 'spec.template.spec.initContainers.0.terminationMessagePath', '/dev/termination-log'],
    [[patch('[JSONPatch{op: "test", path: "/spec/replicas", value: 100}, JSONPatch{op: "replace", path: "/spec/replicas", value: 3}]')], 'spec.replicas', 2],
    [[patch('[JSONPatch{op: "test", path: "/spec/replicas", value: 2}, JSONPatch{op: "replace", path: "/spec/replicas", value: 3}]')], 'spec.replicas', 3],
    [[patch('[JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("example.com/a"), value: "x"}]')], 'metadata.labels', { app: 'd', 'example.com/a': 'x' }],
    [[patch(`[JSONPatch{op: "add", path: "/spec/template/spec/containers/-", value: Object.${CONTAINERS}{name: "x", image: "x", ports: [Object.${CONTAINERS}.ports{containerPort: 8080}]}}]`)], `${CONTAINERS}.2.ports`, [{ containerPort: 8080, protocol: 'TCP' }]],
    [[patch('[JSONPatch{op: "copy", from: "/spec/template/spec/containers/0", path: "/spec/template/spec/initContainers", value: 0}].filter(p, false)')], 'spec.replicas', 2],
    [[patch('has(object.metadata.annotations) ? [] : [JSONPatch{op: "add", path: "/metadata/annotations", value: {"by": request.userInfo.username}}]')], 'metadata.annotations', { by: 'alice' }],
    [[patch('[JSONPatch{op: "move", from: "/metadata/labels/app", path: "/metadata/labels/name"}]')], 'metadata.labels', { name: 'd' }],
  ]
  for (const [mutations, path, expected] of table) {
    const at = await server()
    await policy(at, 'p', mutations)
    const answer = await at.request('POST', DEPLOYMENTS, deployment('d'))
    assert.equal(answer.status, 201, answer.text)
    assert.deepEqual(memberOf(answer.body, path), expected, JSON.stringify(mutations))
    at.stop()
  }
})

test('what cannot be done is said with the policy, the binding and the expression', async () => {
  const DENIED = `policy 'p' with binding 'p' denied request: `
  const table: [object, number, string][] = [
    [apply('Object{spec: Object.specx{replicas: 1}}'), 403, `${DENIED}type mismatch: unexpected type name "Object.specx", expected "Object.spec", which matches field name path from root Object type`],
    [apply('Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{volumes: [Object.spec.volumes{name: "y"}]}}}}'), 403, `${DENIED}type mismatch: unexpected type name "Object.spec.volumes", expected "Object.spec.template.spec.volumes", which matches field name path from root Object type`],
    [apply('Object{spec: Object.spec{replicasx: 1}}'), 403, `${DENIED}error applying patch: failed to convert patch object to typed object: .spec.replicasx: field not declared in schema`],
    [apply('Object{spec: Object.spec{replicas: "1"}}'), 403, `${DENIED}error applying patch: failed to convert patch object to typed object: .spec.replicas: expected numeric (int or float), got "1"`],
    [apply('Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {"l": "v"}}}}'), 403, `${DENIED}error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.selector`],
    [apply('Object{spec: Object.spec{replicas: object.spec.none}}'), 403, `${DENIED}expression 'Object{spec: Object.spec{replicas: object.spec.none}}' resulted in error: no such key: none`],
    [patch('[JSONPatch{op: "replace", path: "/spec/none", value: 1}]'), 403, `${DENIED}JSONPath: replace operation does not apply: /spec/none: no such path`],
    [patch('[JSONPatch{op: "add", path: "/metadata/labels/a", value: "b"}, JSONPatch{op: "remove", path: "/metadata/labels/none"}, JSONPatch{op: "copy", from: "/none", path: "/spec"}]'), 403, `${DENIED}JSONPath: remove operation does not apply: /metadata/labels/none: no such path`],
    [patch('[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20].map(i, JSONPatch{op: "copy", from: "/spec", path: "/spec/x" + string(i)})'), 403, `${DENIED}JSONPath: copy operation does not apply: Request entity too large: the copy operations of the patch copy too much`],
    [patch('[JSONPatch{op: "add", path: "/spec/none", value: 1}]'), 500, 'Internal error occurred: strict decoding error: unknown field "spec.none"'],
    [patch('[JSONPatch{op: "replace", path: "/spec/replicas", value: "x"}]'), 500, 'Internal error occurred: Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32'],
  ]
  for (const [mutation, status, message] of table) {
    const at = await server()
    await policy(at, 'p', [mutation])
    const answer = await at.request('POST', DEPLOYMENTS, deployment('d'))
    assert.deepEqual([answer.status, answer.get('message')], [status, message])
    if (status === 403) assert.deepEqual([answer.get('reason'), memberOf(answer.body, 'details.causes.0.message')], ['Invalid', message])
    at.stop()
  }
  const at = await server()
  await policy(at, 'p', [apply('Object{spec: Object.spec{replicasx: 1}}'), apply('Object{spec: Object.spec{replicas: 7}}')], { failurePolicy: 'Ignore' })
  assert.equal((await at.request('POST', DEPLOYMENTS, deployment('d'))).get('spec.replicas'), 7, 'failures are ignored where the policy says so')
  assert.match(expositionOf(at.counts.policies.families()), /apiserver_mutating_admission_policy_check_total\{error_type="invalid_error",policy="p",policy_binding="p"\} 1/)
  at.stop()
})

test('expressions of mutations are judged when they are written', async () => {
  const at = await server()
  const refused = async (mutation: object): Promise<string> => {
    const spec = { matchConstraints: RULES('deployments'), reinvocationPolicy: 'Never', mutations: [mutation] }
    const answer = await at.request('POST', `${GROUP}/mutatingadmissionpolicies`, { apiVersion: 'admissionregistration.k8s.io/v1alpha1', kind: 'MutatingAdmissionPolicy', metadata: { name: 'x' }, spec })
    return `${answer.status} ${String(memberOf(answer.body, 'details.causes.0.field'))}: ${String(memberOf(answer.body, 'details.causes.0.message'))}`
  }
  assert.equal(await refused(apply(`"I'm a teapot!"`)), `422 spec.mutations[0].applyConfiguration.expression: Invalid value: "\\"I'm a teapot!\\"": must evaluate to Object but got string`)
  assert.equal(await refused(apply('Object.spec.metadata{}')), '422 spec.mutations[0].applyConfiguration.expression: Invalid value: "Object.spec.metadata{}": must evaluate to Object but got Object.spec.metadata')
  assert.equal(await refused(patch('[1]')), '422 spec.mutations[0].jsonPatch.expression: Invalid value: "[1]": must evaluate to list(JSONPatch) but got list(int)')
  assert.match(await refused(patch('[JSONPatch{none: 1}]')), /compilation failed: ERROR: <input>:1:\d+: undefined field 'none'/)
  at.stop()
})

test('variables, conditions, parameters, and which objects are meant', async () => {
  const at = await server()
  const spec = {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, variables: [{ name: 'least', expression: 'int(params.data.least)' }],
    matchConditions: [{ name: 'few', expression: 'object.spec.replicas < int(params.data.least)' }],
  }
  const paramRef = { name: 'limits', namespace: 'default', parameterNotFoundAction: 'Deny' }
  await policy(at, 'p', [apply('Object{spec: Object.spec{replicas: variables.least}}')], spec, { paramRef, matchResources: { objectSelector: { matchLabels: { app: 'd' } } } })
  const missing = await at.request('POST', DEPLOYMENTS, deployment('d'))
  assert.deepEqual([missing.status, missing.get('reason'), missing.get('message')], [403, 'Forbidden', "policy 'p' with binding 'p' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"])
  await at.request('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'limits' }, data: { least: '5' } })
  const replicas = async (name: string, more: JsonObject = {}): Promise<unknown> => (await at.request('POST', DEPLOYMENTS, deployment(name, more))).get('spec.replicas')
  assert.deepEqual([await replicas('d'), await replicas('other')], [5, 2])
  const patched = await at.request('PATCH', `${DEPLOYMENTS}/d`, { spec: { replicas: 9 } }, { 'content-type': 'application/merge-patch+json' })
  assert.equal(patched.get('spec.replicas'), 9)
  const scaled = await at.request('PATCH', `${DEPLOYMENTS}/d`, { spec: { replicas: 1 } }, { 'content-type': 'application/merge-patch+json' })
  assert.deepEqual([scaled.get('spec.replicas'), scaled.get('metadata.generation')], [5, 3])
  at.stop()
})

test('a mutation in another version of the kind', async () => {
  const at = await server()
  const rules = { resourceRules: [{ apiGroups: ['events.k8s.io'], apiVersions: ['v1'], resources: ['events'], operations: ['CREATE'] }] }
  await policy(at, 'p', [apply('Object{note: object.note + "!"}')], { matchConstraints: rules })
  const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e', namespace: 'default' }, involvedObject: { namespace: 'default', name: 'x' }, message: 'hello', reason: 'R' }
  const created = await at.request('POST', '/api/v1/namespaces/default/events', event)
  assert.deepEqual([created.status, created.get('message')], [201, 'hello!'], created.text)
  at.stop()
})

test('rounds: who wants to is asked again when it was changed after him, and the server looks at what became of it', async () => {
  const seen: string[] = []
  const builtIn: Mutator = {
    name: 'BuiltIn', matches: ({ kind }) => kind.plural === kinds.Deployment.plural,
    admit: ({ object }, _reader, round) => void seen.push(`${round} ${String(memberOf(object, 'spec.replicas'))}`),
  }
  const plus = (count: number): object => apply(`Object{spec: Object.spec{replicas: object.spec.replicas + ${count}}}`)
  const table: [string, string, number, string[]][] = [
    ['Never', 'Never', 2 + 10 + 100, ['first 2', 'again 112']],
    ['IfNeeded', 'Never', 2 + 10 + 100 + 10, ['first 2', 'again 112']],
    // Whoever was asked last is asked again only when somebody has changed the object since.
    ['Never', 'IfNeeded', 2 + 10 + 100, ['first 2', 'again 112']],
    ['IfNeeded', 'IfNeeded', 2 + 10 + 100 + 10 + 100, ['first 2', 'again 112']],
  ]
  for (const [first, second, expected, rounds] of table) {
    const at = await server([builtIn])
    await policy(at, 'a', [plus(10)], { reinvocationPolicy: first })
    await policy(at, 'b', [plus(100)], { reinvocationPolicy: second })
    seen.length = 0
    const made = await at.request('POST', DEPLOYMENTS, deployment('d'))
    assert.deepEqual([made.get('spec.replicas'), seen], [expected, rounds], `${first} ${second}`)
    at.stop()
  }
})

test('integers of 64 bits arrive and leave as they are', async () => {
  const at = await server()
  const GRACE = 'object.spec.template.spec.terminationGracePeriodSeconds'
  const pod = (fields: string): string => `Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{${fields}}}}}`
  await policy(at, 'long', [
    apply(pod(`terminationGracePeriodSeconds: ${GRACE} + 2`)),
    patch(`[JSONPatch{op: 'test', path: '/spec/template/spec/terminationGracePeriodSeconds', value: 9007199254740995},
      JSONPatch{op: 'add', path: '/spec/minReadySeconds', value: ${GRACE} - 9007199254740990},
      JSONPatch{op: 'add', path: '/metadata/annotations', value: {'grace': string(${GRACE}), 'isUint': string(uint(${GRACE}))}}]`),
  ])
  const { template } = Object(memberOf(deployment('a'), 'spec')) as { template: { spec: object } }
  const made = await at.request('POST', DEPLOYMENTS, deployment('a', { template: { ...template, spec: { ...template.spec, terminationGracePeriodSeconds: 9007199254740993n } } }))
  assert.deepEqual([made.status, made.get('spec.template.spec.terminationGracePeriodSeconds'), made.get('spec.minReadySeconds'), made.get('metadata.annotations')], [
    201, 9007199254740995n, 5, { grace: '9007199254740995', isUint: '9007199254740995' },
  ], made.text)
  at.stop()
})
