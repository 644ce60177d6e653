import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textOf, utf8 } from '../../../words/bytes.ts'
import { silentLog } from '../../../words/ports.ts'
import { settle, TestClock } from '../../apiserver.testing.ts'
import { parseAuthenticationConfig } from './authentication-config.ts'
import { parseAuthorizationConfig } from './authorization-config.ts'
import { filesOf } from './config-files.testing.ts'
import { ReloadCounts } from '../../metrics/reload-counts.ts'
import { watchConfig } from './config-watch.ts'

const AUTHN = 'apiVersion: apiserver.config.k8s.io/v1beta1\nkind: AuthenticationConfiguration\n'
const own = 'https://own.example'

function jwt(issuer: string, rest: string): string {
  return `${AUTHN}jwt:\n- issuer: ${issuer}\n  ${rest}\n`
}

const good = '{url: https://id.example, audiences: [lotse]}'
const named = 'claimMappings: {username: {claim: sub, prefix: ""}}'

test('what is wrong with an authentication configuration is said with file and field', () => {
  const table: [string, string][] = [
    ['', 'it is empty or no object'],
    ['kind: Secret\napiVersion: v1', 'no kind "Secret" is registered for version "v1"'],
    [`${AUTHN}jwts: []`, 'strict decoding error: unknown field "jwts"'],
    [jwt('{url: 7, audiences: lotse, urls: x}', named), 'jwt[0].issuer.url must be a string, jwt[0].issuer.audiences must be a list, unknown field "jwt[0].issuer.urls"'],
    [jwt('{audiences: [a]}', named), 'jwt[0].issuer.url: Required value'],
    [jwt('{url: "http://id.example", audiences: [a]}', named), 'jwt[0].issuer.url: Invalid value: "http://id.example": URL scheme must be https'],
    [jwt('{url: "https://u:p@id.example", audiences: [a]}', named), 'URL must not contain a username or password'],
    [jwt('{url: "https://id.example?a=b#c", audiences: [a]}', named), 'URL must not contain a query'],
    [jwt(`{url: "${own}", audiences: [a]}`, named), `URL must not overlap with disallowed issuers: [${own}]`],
    [jwt('{url: https://id.example, discoveryURL: https://id.example/, audiences: [a]}', named), 'jwt[0].issuer.discoveryURL: Invalid value: "https://id.example/": discoveryURL must be different from URL'],
    [jwt('{url: https://id.example}', named), 'jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required'],
    [jwt('{url: https://id.example, audiences: [a, a], audienceMatchPolicy: MatchAny}', named), 'jwt[0].issuer.audiences[1]: Duplicate value: "a"'],
    [jwt('{url: https://id.example, audiences: [a, b]}', named), 'jwt[0].issuer.audienceMatchPolicy: Invalid value: "": audienceMatchPolicy must be MatchAny for multiple audiences'],
    [jwt('{url: https://id.example, audiences: [a], certificateAuthority: secret}', named), 'jwt[0].issuer.certificateAuthority: Invalid value: "<omitted>"'],
    [jwt(good, 'claimMappings: {}'), 'jwt[0].claimMappings.username: Required value: claim or expression is required'],
    [jwt(good, 'claimMappings: {username: {claim: sub}}'), 'jwt[0].claimMappings.username.prefix: Required value: prefix is required when claim is set'],
    [jwt(good, 'claimMappings: {username: {claim: sub, expression: claims.sub}}'), "jwt[0].claimMappings.username: Invalid value: \"\": claim and expression can't both be set"],
    [jwt(good, 'claimMappings: {username: {expression: "claims."}}'), 'jwt[0].claimMappings.username.expression: Invalid value: "claims.": compilation failed: ERROR: <input>:1:8'],
    [jwt(good, 'claimMappings: {username: {expression: claims.email}}'), 'claims.email_verified must be used'],
    [jwt(good, 'claimMappings: {username: {claim: sub, prefix: ""}, extra: [{key: plain, valueExpression: claims.a}]}'), 'jwt[0].claimMappings.extra[0].key: Invalid value: "plain": must be a domain-prefixed path'],
    [jwt(good, 'claimMappings: {username: {claim: sub, prefix: ""}, extra: [{key: a.k8s.io/b, valueExpression: claims.a}]}'), 'are reserved for Kubernetes use'],
    [jwt(good, `${named}\n  claimValidationRules: [{expression: claims.a + "x"}]`), 'jwt[0].claimValidationRules[0].expression: Invalid value: "claims.a + \\"x\\"": must evaluate to bool'],
    [jwt(good, `${named}\n  claimValidationRules: [{claim: a, message: m}]`), 'jwt[0].claimValidationRules[0].message: Invalid value: "m": may not be specified when claim is set'],
    [jwt(good, `${named}\n  userValidationRules: [{expression: user.nam == ""}]`), 'jwt[0].userValidationRules[0].expression: Invalid value'],
    [`${AUTHN}jwt:\n- {issuer: ${good}, ${named}}\n- {issuer: ${good}, ${named}}`, 'jwt[1].issuer.url: Duplicate value: "https://id.example"'],
    [`${AUTHN}anonymous: {enabled: false, conditions: [{path: /healthz}]}`, 'anonymous.conditions: Invalid value'],
  ]
  for (const [text, expected] of table) {
    assert.throws(() => parseAuthenticationConfig('/etc/authn.yaml', utf8(text), [own]), (error: Error) => {
      assert.ok(error.message.startsWith('authentication configuration file "/etc/authn.yaml": ') && error.message.includes(expected), `${error.message}\n  instead of ${expected}`)
      return !error.message.includes('secret')
    }, text)
  }
})

test('good authentication configurations', () => {
  const table: string[] = [
    jwt(good, 'claimMappings: {username: {expression: "claims.email_verified ? claims.email : claims.sub"}}'),
    jwt(good, 'claimMappings: {username: {expression: claims.email}}\n  claimValidationRules: [{expression: "claims.?email_verified.orValue(true) == true"}]'),
    jwt('{url: https://id.example, discoveryURL: "https://other.example/.well-known/x", audiences: [a, b], audienceMatchPolicy: MatchAny}', named),
    AUTHN,
  ]
  for (const text of table) parseAuthenticationConfig('f', utf8(text), [own])
  assert.deepEqual(parseAuthenticationConfig('f', utf8(`${AUTHN}anonymous: {enabled: true, conditions: [{path: /livez}]}`), []).anonymous, { isEnabled: true, paths: ['/livez'] })
})

const AUTHZ = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\n'
const files = filesOf(new Map([['/etc/hook.kubeconfig', '']]))
const connection = 'connectionInfo: {type: KubeConfigFile, kubeConfigFile: /etc/hook.kubeconfig}'
const hook = (fields: string): string => `${AUTHZ}authorizers:\n- {type: Webhook, name: hook, webhook: {${fields}}}\n`
const rest = `timeout: 3s, subjectAccessReviewVersion: v1, failurePolicy: Deny, ${connection}`

test('what is wrong with an authorization configuration is said with file and field', () => {
  const table: [string, string][] = [
    [AUTHZ, 'authorizers: Required value: at least one authorization mode must be defined'],
    [`${AUTHZ}authorizers: [{name: a}]`, 'authorizers[0].type: Required value'],
    [`${AUTHZ}authorizers: [{type: ABC, name: a}]`, 'authorizers[0].type: Unsupported value: "ABC": supported values: "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"'],
    [`${AUTHZ}authorizers: [{type: RBAC, name: a}, {type: RBAC, name: b}]`, 'authorizers[1].type: Duplicate value: "RBAC"'],
    [`${AUTHZ}authorizers: [{type: RBAC, name: a}, {type: Node, name: a}]`, 'authorizers[1].name: Duplicate value: "a"'],
    [`${AUTHZ}authorizers: [{type: RBAC, name: A_B}]`, 'authorizers[0].name: Invalid value: "A_B": authorizer name is invalid'],
    [`${AUTHZ}authorizers: [{type: RBAC}]`, 'authorizers[0].name: Required value'],
    [`${AUTHZ}authorizers: [{type: RBAC, name: a, webhook: {}}]`, 'authorizers[0].webhook: Invalid value: "non-null": may only be specified when type=Webhook'],
    [`${AUTHZ}authorizers: [{type: Webhook, name: a}]`, 'authorizers[0].webhook: Required value: required when type=Webhook'],
    [hook(rest.replace('3s', '31s')), 'authorizers[0].webhook.timeout: Invalid value: "31s": must be > 0s and <= 30s'],
    [hook(rest.replace('3s', 'soon')), 'authorizers[0].webhook.timeout: Invalid value: "soon": is no duration'],
    [hook(rest.replace('timeout: 3s, ', '')), 'authorizers[0].webhook.timeout: Required value'],
    [hook(rest.replace('v1', 'v2')), 'authorizers[0].webhook.subjectAccessReviewVersion: Unsupported value: "v2": supported values: "v1", "v1beta1"'],
    [hook(rest.replace('Deny', 'Maybe')), 'authorizers[0].webhook.failurePolicy: Unsupported value: "Maybe": supported values: "NoOpinion", "Deny"'],
    [hook(rest.replace('/etc/hook', 'hook')), 'authorizers[0].webhook.connectionInfo.kubeConfigFile: Invalid value: "hook.kubeconfig": must be an absolute path'],
    [hook(rest.replace('/etc/hook', '/gone/hook')), 'error loading file: no such file: /gone/hook.kubeconfig'],
    [hook(rest.replace(/type: KubeConfigFile.*\}/, 'type: InClusterConfig}')), 'authorizers[0].webhook.connectionInfo.type: Invalid value: "InClusterConfig"'],
    [hook(`${rest}, matchConditions: [{expression: "true"}]`), 'authorizers[0].webhook.matchConditionSubjectAccessReviewVersion: Required value: required if match conditions are specified'],
    [hook(`${rest}, matchConditionSubjectAccessReviewVersion: v1, matchConditions: [{expression: request.usr}]`), 'authorizers[0].webhook.matchConditions[0].expression: Invalid value: "request.usr": compilation failed'],
    [hook(`${rest}, matchConditionSubjectAccessReviewVersion: v1, matchConditions: [{expression: request.user}]`), 'must evaluate to bool'],
  ]
  for (const [text, expected] of table) {
    assert.throws(() => parseAuthorizationConfig('/etc/authz.yaml', utf8(text), files), (error: Error) =>
      error.message.startsWith('authorization configuration file "/etc/authz.yaml": ') && error.message.includes(expected), `${text}\n${expected}`)
  }
  const { authorizers } = parseAuthorizationConfig('f', utf8(`${hook(rest)}- {type: Node, name: node}\n- {type: RBAC, name: rbac}\n`), files)
  assert.deepEqual(authorizers.map(({ type }) => type), ['Webhook', 'Node', 'RBAC'])
  const [first] = authorizers
  assert.deepEqual(first?.type === 'Webhook' && [first.webhook.timeoutMs, first.webhook.authorizedTtlMs, first.webhook.unauthorizedTtlMs], [3_000, 300_000, 30_000])
})

test('a changed file is taken into force; one that is wrong is told once and changes nothing', async () => {
  const texts = new Map([['f', 'one']])
  const [seen, told]: [string[], string[]] = [[], []]
  const clock = new TestClock()
  const life = new AbortController()
  const log = { ...silentLog, error: (_: string, fields?: object) => void told.push(JSON.stringify(fields)) }
  const files = filesOf(texts)
  const look = (): string => textOf(files.read('f'))
  const use = (): string => {
    const text = look()
    if (text === 'bad') throw new Error('f: x: Required value')
    seen.push(text)
    return text
  }
  const counts = new ReloadCounts('thing', 'sha256:x')
  const watching = watchConfig({ what: 'thing', file: 'f', inForce: 'one', look, use, counts }, { clock, log }, life.signal)
  const step = async (text: string | undefined): Promise<void> => {
    if (text === undefined) texts.delete('f')
    else texts.set('f', text)
    for (let count = 0; count < 3; count++) {
      await clock.advance(5_000)
      await settle()
    }
  }
  for (const text of ['one', 'two', 'bad', undefined, 'two', 'three']) await step(text)
  assert.deepEqual([seen, told.length], [['two', 'three'], 2], told.join())
  const [total] = counts.families()
  assert.deepEqual(total?.samples.map(({ labels, value }) => [labels['status'], value]), [['success', 2], ['failure', 6]])
  life.abort()
  await watching
})
