import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AdmissionEnvironments } from '../../policy/admission-policy/admission-environment.ts'
import { settle, startTestServer } from '../apiserver.testing.ts'
import { conversionHook, CRDS, door, doors, V1 } from '../custom-resources/conversion-hook.testing.ts'
import { WebhookMetrics } from '../webhooks/webhook-metrics.ts'
import { PolicyMetrics } from './policy-metrics.ts'
import { validatingPolicies } from './validating-policies.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const GROUP = '/apis/admissionregistration.k8s.io/v1'
const DENIED = `configmaps "a" is forbidden: ValidatingAdmissionPolicy 'rules' with binding 'rules' denied request: `

test('parameters are seen in the version that the policy names, by way of their webhook', async () => {
  const hook = conversionHook()
  const server = await startTestServer({
    extensions: ({ equivalents, served, converting, clock }) => ({
      webhooks: hook,
      validators: [validatingPolicies({
        environments: new AdmissionEnvironments(), equivalents, served, converting, metrics: new PolicyMetrics(clock),
        conditionMetrics: new WebhookMetrics(clock), authorizer: { authorize: () => ({ allowed: true, reason: '' }) },
      })],
    }),
  })
  const meta = (kind: string, spec: object): object => ({ apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: 'rules' }, spec })
  await server.request('POST', CRDS, doors({ stored: 'v1' }))
  await settle()
  for (const [name, side] of [['front', 'out'], ['back', 'in']] as const) {
    const made = await server.request('POST', V1, door('v1', name, { host: name, port: 7 }, { labels: { side } }))
    assert.equal(made.status, 201, made.text)
  }
  const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }]
  const made = await server.request('POST', `${GROUP}/validatingadmissionpolicies`, meta('ValidatingAdmissionPolicy', {
    matchConstraints: { resourceRules }, paramKind: { apiVersion: 'example.com/v2', kind: 'Door' },
    validations: [{ expression: 'object.data.door == params.spec.hostPort', messageExpression: '"it is " + params.spec.hostPort' }],
  }))
  assert.equal(made.status, 201, made.text)
  const create = async (paramRef: object, value: string): Promise<string> => {
    const bound = await server.request('POST', `${GROUP}/validatingadmissionpolicybindings`, meta('ValidatingAdmissionPolicyBinding', { policyName: 'rules', validationActions: ['Deny'], paramRef: { parameterNotFoundAction: 'Deny', ...paramRef } }))
    assert.equal(bound.status, 201, bound.text)
    const answer = await server.request('POST', `${CONFIG_MAPS}?dryRun=All`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { door: value } })
    await server.request('DELETE', `${GROUP}/validatingadmissionpolicybindings/rules`)
    return `${answer.status} ${answer.get('message') ?? ''} ${hook.calls().join(' ')}`.trim()
  }
  assert.equal(await create({ name: 'front' }, 'front:7'), '201  v1->v2 front')
  assert.equal(await create({ name: 'front' }, 'back:7'), `422 ${DENIED}it is front:7`, 'it was converted a moment ago')
  assert.equal(await create({ selector: { matchLabels: { side: 'in' } } }, 'front:7'), `422 ${DENIED}it is back:7 v1->v2 back`)
  assert.equal(await create({ name: 'none' }, ''), `422 ${DENIED}failed to configure binding: no params found for policy binding with \`Deny\` parameterNotFoundAction`)
  await server.clock.advance(31_000)
  hook.answer = () => ({ rubbish: true })
  assert.match(await create({ name: 'front' }, 'front:7'), /^\d+ .*failed to configure binding: .*conversion/)
  server.stop()
})
