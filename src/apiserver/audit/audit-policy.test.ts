import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeYaml } from '../../objects/codec-yaml.ts'
import { utf8 } from '../../words/bytes.ts'
import type { RequestInfo, User } from '../access.ts'
import { parseRequest } from '../request-info.ts'
import { readAuditPolicy, type AuditPolicy } from './audit-policy.ts'
import { auditRuleFor } from './audit-rules.ts'

const HEAD = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy' }

function policyOf(...rules: object[]): AuditPolicy {
  const result = readAuditPolicy({ ...HEAD, rules })
  assert(result.outcome === 'policy', JSON.stringify(result))
  return result.policy
}

test('a policy in YAML: stages of the policy are those of every rule, a rule may want managed fields back', () => {
  const result = readAuditPolicy(decodeYaml(utf8(`
apiVersion: audit.k8s.io/v1
kind: Policy
metadata: {name: main}
omitStages: [RequestReceived]
omitManagedFields: true
rules:
- level: Metadata
  resources: [{group: "", resources: [secrets, configmaps]}]
- level: RequestResponse
  omitManagedFields: false
  omitStages: [ResponseStarted]
`)))
  assert(result.outcome === 'policy')
  const [first, second] = result.policy.rules
  assert.deepEqual([[...(first?.omitStages ?? [])], first?.omitManagedFields], [['RequestReceived'], true])
  assert.deepEqual([[...(second?.omitStages ?? [])], second?.omitManagedFields], [['RequestReceived', 'ResponseStarted'], false])
})

const refusals: readonly [unknown, string | RegExp][] = [
  [[], 'it is no object'],
  [{ ...HEAD, kind: 'Pod' }, /no kind "Pod" is registered for version "audit.k8s.io\/v1"/],
  [HEAD, 'loaded illegal policy with 0 rules'],
  [{ ...HEAD, rules: [{ level: 'None', verb: ['get'] }] }, 'strict decoding error: unknown field "rules[0].verb"'],
  [{ ...HEAD, rules: [{}] }, 'rules[0].level: Required value'],
  [{
    ...HEAD, rules: [{ level: 'All' }]
  }, 'rules[0].level: Unsupported value: "All": supported values: "None", "Metadata", "Request", "RequestResponse"'],
  [{
    ...HEAD, rules: [{ level: 'None', nonResourceURLs: ['logs'] }]
  }, "rules[0].nonResourceURLs[0]: Invalid value: \"logs\": non-resource URL rules must begin with a '/' character"],
  [{ ...HEAD, rules: [{ level: 'None', nonResourceURLs: ['/a*b'] }] }, /wildcards '\*' must be the final character of the rule/],
  [{
    ...HEAD, rules: [{ level: 'None', nonResourceURLs: ['/a'], namespaces: ['b'] }]
  }, /rules cannot apply to both regular resources and non-resource URLs/],
  [{
    ...HEAD, rules: [{ level: 'None', resources: [{ resourceNames: ['a'] }] }]
  }, /rules\[0\]\.resources\.resourceNames: .*using resourceNames requires at least one resource/],
  [{
    ...HEAD, rules: [{ level: 'None', resources: [{ group: 'rbac.authorization.k8s.io/v1' }] }]
  }, /rules\[0\]\.resources\.group: Invalid value/],
  [{ ...HEAD, rules: [{ level: 'None', omitStages: ['Done'] }] },
    'rules[0].omitStages[0]: Invalid value: "Done": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic'],
]

test('what is wrong with a policy', () => {
  for (const [document, expected] of refusals) {
    const result = readAuditPolicy(document)
    assert(result.outcome === 'refused', JSON.stringify(document))
    if (typeof expected === 'string') assert.equal(result.why, expected)
    else assert.match(result.why, expected)
  }
})

const ann: User = { name: 'ann', uid: '', groups: ['dev', 'system:authenticated'], extra: {} }

/** GET /api/v1/... as ann, unless said otherwise. */
function infoOf(asked: string): RequestInfo {
  const [method = '', target = ''] = asked.split(' ')
  const [path = '', query = ''] = target.split('?')
  return parseRequest(method, path, new URLSearchParams(query))
}

test('which requests a rule is for', () => {
  const pod = 'GET /api/v1/namespaces/shop/pods/web'
  const log = 'GET /api/v1/namespaces/shop/pods/web/log'
  const scale = 'PUT /apis/apps/v1/namespaces/shop/deployments/web/scale'
  const table: readonly [object, string, boolean][] = [
    [{}, pod, true],
    [{ users: ['ann'] }, pod, true], [{ users: ['bob'] }, pod, false],
    [{ userGroups: ['ops', 'dev'] }, pod, true], [{ userGroups: ['ops'] }, pod, false],
    [{ verbs: ['get'] }, pod, true], [{ verbs: ['list', 'watch'] }, pod, false],
    [{ namespaces: ['shop'] }, pod, true], [{ namespaces: [''] }, pod, false], [{ namespaces: [''] }, 'GET /api/v1/nodes/n', true],
    [{ namespaces: ['shop'] }, 'GET /healthz', false],
    [{ resources: [{ group: '' }] }, pod, true], [{ resources: [{ group: 'apps' }] }, pod, false],
    [{ resources: [{ group: '', resources: ['pods'] }] }, pod, true], [{ resources: [{ group: '', resources: ['pods'] }] }, log, false],
    [{ resources: [{ group: '', resources: ['pods/log'] }] }, log, true], [
      { resources: [{ group: '', resources: ['pods/*'] }] }, log, true
    ],
    [{ resources: [{ group: '', resources: ['pods/*'] }] }, pod, true],
    [{ resources: [{ group: 'apps', resources: ['*/scale'] }] }, scale, true], [
      { resources: [{ group: 'apps', resources: ['*'] }] }, scale, true
    ],
    [{ resources: [{ group: '', resources: ['*/log'] }] }, pod, false],
    [{ resources: [{ group: '', resources: ['pods'], resourceNames: ['web'] }] }, pod, true],
    [{ resources: [{ group: '', resources: ['pods'], resourceNames: ['db'] }] }, pod, false],
    [{ resources: [{ group: '', resources: ['pods'], resourceNames: ['web'] }] }, 'POST /api/v1/namespaces/shop/pods', false],
    [{ nonResourceURLs: ['/healthz*'] }, 'GET /healthz/ping', true], [{ nonResourceURLs: ['/healthz'] }, 'GET /healthz/ping', false],
    [{ nonResourceURLs: ['*'] }, 'GET /version', true], [{ nonResourceURLs: ['*'] }, pod, false],
  ]
  for (const [rule, asked, expected] of table) {
    assert.equal(
      auditRuleFor(policyOf({ level: 'Metadata', ...rule }), ann, infoOf(asked)) !== undefined, expected, `${JSON.stringify(rule)} ${asked}`
    )
  }
})

test('the first rule that matches decides; without one nothing is written', () => {
  const policy = policyOf({ level: 'None', users: ['ann'] }, { level: 'Metadata', verbs: ['get'] }, { level: 'Request' })
  const bob = { ...ann, name: 'bob' }
  assert.deepEqual(
    [ann, bob, undefined].map((user) => auditRuleFor(policy, user, infoOf('GET /version'))?.level), [undefined, 'Metadata', 'Metadata']
  )
  assert.equal(auditRuleFor(policyOf({ level: 'Request', verbs: ['list'] }), bob, infoOf('GET /version')), undefined)
})
