import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../../objects/json.ts'
import { utf8 } from '../../../words/bytes.ts'
import { silentLog } from '../../../words/ports.ts'
import { TestClock, settle } from '../../apiserver.testing.ts'
import type { WebhookCall, WebhookCaller } from '../../webhooks/webhook-caller.ts'
import type { Decision, RequestInfo, User } from '../../access.ts'
import { parseAuthorizationConfig } from '../config/authorization-config.ts'
import { filesOf, webhookTargetForTests } from '../config/config-files.testing.ts'
import { infoOf, urlInfo, userNamed } from '../object-reader.testing.ts'
import { RememberedReviewer } from '../remembered-reviewer.ts'
import { anyOf } from '../union-authorizer.ts'
import { WebhookAuthorizer } from './webhook-authorizer.ts'
import { WebhookTokens } from './webhook-tokens.ts'

/** Answers with that status, or fails. */
function callerOf(answer: (body: JsonObject) => object): WebhookCaller & { calls: WebhookCall[] } {
  return {
    calls: [],
    async call(call) {
      this.calls.push(call)
      return { status: answer(call.body) }
    },
  }
}

function webhook(caller: WebhookCaller, clock: TestClock, fields = ''): WebhookAuthorizer {
  const text = `apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\nauthorizers:\n- type: Webhook\n  name: hook\n  webhook: {timeout: 3s, authorizedTTL: 60s, unauthorizedTTL: 10s,
    subjectAccessReviewVersion: v1, matchConditionSubjectAccessReviewVersion: v1, failurePolicy: NoOpinion, connectionInfo: {type: KubeConfigFile, kubeConfigFile: /hook}${fields}}\n`
  const [config] = parseAuthorizationConfig('f', utf8(fields.includes('failurePolicy') ? text.replace('failurePolicy: NoOpinion, ', '') : text), filesOf(new Map([['/hook', '']]))).authorizers
  assert.ok(config?.type === 'Webhook')
  return new WebhookAuthorizer(config.webhook, { caller, clock, log: silentLog })
}

const anna: User = { name: 'anna', uid: 'u1', groups: ['dev'], extra: { 'a.example/t': ['x'] } }
const pods = infoOf('get', 'pods', 'shop', 'web')

test('what a webhook is asked, and what its answers mean', async () => {
  const table: [RequestInfo, object, Partial<Decision>, object][] = [
    [pods, { allowed: true, reason: 'why not' }, { allowed: true, reason: 'why not' }, { resourceAttributes: { namespace: 'shop', verb: 'get', version: 'v1', resource: 'pods', name: 'web' } }],
    [{ ...infoOf('list', 'pods', 'shop'), fieldSelector: 'spec.nodeName=n1,metadata.name!=a', labelSelector: 'app in (a,b),!old,x' }, { allowed: true }, { allowed: true }, {
      resourceAttributes: {
        namespace: 'shop', verb: 'list', version: 'v1', resource: 'pods',
        fieldSelector: { requirements: [{ key: 'spec.nodeName', operator: 'In', values: ['n1'] }, { key: 'metadata.name', operator: 'NotIn', values: ['a'] }] },
        labelSelector: { requirements: [{ key: 'app', operator: 'In', values: ['a', 'b'] }, { key: 'old', operator: 'DoesNotExist' }, { key: 'x', operator: 'Exists' }] },
      },
    }],
    [{ ...infoOf('list', 'pods', 'shop'), fieldSelector: 'rubbish' }, { allowed: true }, { allowed: true }, { resourceAttributes: { namespace: 'shop', verb: 'list', version: 'v1', resource: 'pods' } }],
    [urlInfo('get', '/apis'), { allowed: false, denied: true, reason: 'no' }, { allowed: false, denied: true, reason: 'no' }, { nonResourceAttributes: { path: '/apis', verb: 'get' } }],
    [pods, { allowed: false }, { allowed: false, reason: '' }, {}],
    [pods, { allowed: true, denied: true }, { allowed: false, denied: true, error: 'webhook subject access review returned both allow and deny response' }, {}],
  ]
  for (const [info, status, expected, spec] of table) {
    const caller = callerOf(() => status)
    const decision = await webhook(caller, new TestClock()).authorize(anna, info)
    assert.deepEqual({ ...decision, ...expected }, decision)
    const sent = caller.calls[0]
    assert.deepEqual([sent?.target, sent?.timeoutMs, sent?.body['apiVersion'], sent?.body['kind']], [webhookTargetForTests, 3000, 'authorization.k8s.io/v1', 'SubjectAccessReview'])
    const asked = { user: 'anna', uid: 'u1', groups: ['dev'], extra: { 'a.example/t': ['x'] } }
    if (Object.keys(spec).length > 0) assert.deepEqual(sent?.body['spec'], { ...spec, ...asked })
  }
})

test('answers are remembered for their time, questions asked together are one', async () => {
  const clock = new TestClock()
  const caller = callerOf(({ spec }) => ({ allowed: (spec as JsonObject)['user'] === 'anna' }))
  const authorizer = webhook(caller, clock)
  const ask = async (user: User): Promise<boolean> => (await authorizer.authorize(user, pods)).allowed
  assert.deepEqual(await Promise.all([ask(anna), ask(anna), ask(userNamed('bob'))]), [true, true, false])
  assert.equal(caller.calls.length, 2)
  await clock.advance(10_000)
  assert.deepEqual([await ask(anna), await ask(userNamed('bob')), caller.calls.length], [true, false, 3])
  await clock.advance(50_000)
  assert.deepEqual([await ask(anna), caller.calls.length], [true, 4])
})

test('a webhook that fails: asked twice, not remembered, and its policy decides', async () => {
  for (const [policy, denied] of [['NoOpinion', undefined], ['Deny', true]] as const) {
    const clock = new TestClock()
    let asked = 0
    const caller: WebhookCaller = {
      async call() {
        asked++
        if (asked > 2) return { status: { allowed: true } }
        throw new Error('no connection')
      },
    }
    const authorizer = webhook(caller, clock, `, failurePolicy: ${policy}`)
    const pending = authorizer.authorize(anna, pods)
    await settle()
    await clock.advance(500)
    const failed = await pending
    assert.deepEqual([failed.allowed, failed.denied, failed.error, asked], [false, denied, 'authorization webhook "hook": no connection', 2])
    assert.equal((await authorizer.authorize(anna, pods)).allowed, true)
  }
})

test('match conditions: who does not match is not asked about, at once', async () => {
  const caller = callerOf(() => ({ allowed: true }))
  const conditions = (...texts: string[]): string => `, matchConditions: [${texts.map((text) => `{expression: ${JSON.stringify(text)}}`).join(', ')}]`
  const onNode = { ...infoOf('list', 'pods'), fieldSelector: 'spec.nodeName=n1' }
  const table: [string, RequestInfo, boolean | string][] = [
    [conditions("has(request.resourceAttributes) && request.resourceAttributes.namespace == 'shop'"), pods, true],
    [conditions("has(request.resourceAttributes) && request.resourceAttributes.namespace == 'shop'"), urlInfo('get', '/apis'), false],
    [conditions("request.user == 'anna'", "'ops' in request.groups"), pods, false],
    [conditions("request.extra['gone'][0] == 'x'"), pods, 'cel evaluation error: expression'],
    [conditions("request.extra['gone'][0] == 'x'", "request.user == 'bob'"), pods, false],
    [conditions("request.resourceAttributes.fieldSelector.requirements.exists(term, term.key == 'spec.nodeName' && term.operator == 'In' && term.values == ['n1'])"), onNode, true],
    [conditions("has(request.resourceAttributes.labelSelector)"), onNode, false],
    [conditions("!has(request.resourceAttributes.fieldSelector)"), pods, true],
    [`${conditions("request.extra['gone'][0] == 'x'")}, failurePolicy: Deny`, pods, 'cel evaluation error: expression'],
  ]
  for (const [fields, info, expected] of table) {
    const decision = webhook(caller, new TestClock(), fields).authorize(anna, info)
    assert.equal(decision instanceof Promise, expected === true, fields)
    const { allowed, error = '', denied } = await decision
    assert.equal(allowed, expected === true, fields)
    if (typeof expected === 'string') assert.deepEqual([error.startsWith(expected), denied ?? false], [true, fields.includes('Deny')], error)
  }
})

test('a chain: the first opinion counts; without one, all reasons and errors are told', async () => {
  const says = (decision: Decision) => ({ authorize: () => decision })
  const later = (decision: Decision) => ({ authorize: () => Promise.resolve(decision) })
  const [yes, no] = [{ allowed: true, reason: 'yes' }, { allowed: false, reason: 'no', denied: true }]
  const shrug = (reason: string, error?: string): Decision => ({ allowed: false, reason, ...(error === undefined ? {} : { error }) })
  const table: [ReturnType<typeof says | typeof later>[], Decision][] = [
    [[says(shrug('a')), later(yes), says(no)], yes],
    [[later(no), says(yes)], no],
    [[later(shrug('a', 'x')), says(shrug('')), later(shrug('b'))], { allowed: false, reason: 'a, b', error: 'x' }],
    [[later(shrug('', 'x')), later(shrug('', 'y'))], { allowed: false, reason: '', error: '[x, y]' }],
  ]
  for (const [links, expected] of table) assert.deepEqual(await anyOf(links).authorize(anna, pods), expected)
  assert.equal(anyOf([says(shrug('')), says(yes)]).authorize(anna, pods), yes, 'without a webhook there is no promise')
})

test('tokens that a webhook knows', async () => {
  const user = { username: 'eve', uid: '7', groups: ['g'], extra: { k: ['v'] } }
  const found = { outcome: 'user', user: { name: 'eve', uid: '7', groups: ['g', 'system:authenticated'], extra: { k: ['v'] } } }
  const table: [readonly string[], object, object][] = [
    [[], { authenticated: true, user }, { ...found, audiences: ['own'] }],
    [['own', 'vault'], { authenticated: true, user, audiences: ['vault', 'x'] }, { ...found, audiences: ['vault'] }],
    [['vault'], { authenticated: true, user }, { outcome: 'foreign' }],
    [[], { authenticated: true, user, audiences: ['vault'] }, { outcome: 'foreign' }],
    [[], { authenticated: false }, { outcome: 'foreign' }],
    [[], { authenticated: false, error: 'too old' }, { outcome: 'invalid', why: 'too old' }],
  ]
  for (const [audiences, status, expected] of table) {
    const caller = callerOf(() => status)
    const tokens = new WebhookTokens({ caller, target: webhookTargetForTests, clock: new TestClock(), audiences: ['own'] })
    assert.deepEqual(await tokens.review('t0ken', audiences), expected)
    assert.deepEqual(caller.calls[0]?.body['spec'], { token: 't0ken', audiences: audiences.length === 0 ? ['own'] : audiences })
  }
  for (const status of [{ authenticated: true }, { authenticated: true, user: { username: '' } }]) {
    const tokens = new WebhookTokens({ caller: callerOf(() => status), target: webhookTargetForTests, clock: new TestClock(), audiences: ['own'] })
    await assert.rejects(tokens.review('t', []), /named no user/)
  }
})

test('reviews are remembered; failures are not, and no log shows a token', async () => {
  const clock = new TestClock()
  const told: string[] = []
  const log = { ...silentLog, warn: (_: string, fields?: object) => void told.push(JSON.stringify(fields)) }
  let [asked, fails] = [0, false]
  const reviewer = new RememberedReviewer({
    async review(token) {
      asked++
      if (fails) throw new Error(`what is ${token}?`)
      return token === 'good' ? { outcome: 'user', user: anna, audiences: [] } : { outcome: 'foreign' }
    },
  }, { clock, log, ttlMs: 1000, remembersRefusals: true })
  for (const token of ['good', 'good', 'bad', 'bad']) await reviewer.review(token, [])
  assert.equal(asked, 2)
  await reviewer.review('good', ['other audience'])
  assert.equal(asked, 3)
  await clock.advance(1000)
  fails = true
  assert.deepEqual(await reviewer.review('s3cret', []), { outcome: 'invalid', why: 'what is <token>?' })
  fails = false
  assert.equal((await reviewer.review('s3cret', [])).outcome, 'foreign')
  assert.deepEqual(told, ['{"error":"what is <token>?"}'])
})
