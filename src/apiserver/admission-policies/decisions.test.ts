import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AdmissionEnvironments } from '../../policy/admission-policy/admission-environment.ts'
import { CompiledPolicy } from '../../policy/admission-policy/compiled-policy.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Authorizer, Decision, RequestInfo, User } from '../access.ts'
import { admissionOf, readerOf, userNamed } from '../access/object-reader.testing.ts'
import { Decisions } from './decisions.ts'
import { matchConditions } from './match-conditions.ts'
import { policyInput } from './policy-input.ts'

const environments = new AdmissionEnvironments()
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop' } }
const request = admissionOf('CREATE', kinds.ConfigMap, configMap)
const reviewed = { kind: kinds.ConfigMap, object: configMap, old: undefined }

/** Says later what it says; asked has every question in its order, / where somebody waited between them. */
function slowAuthorizer(decide: (info: RequestInfo, user: User) => Decision): Authorizer & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    authorize(user, info) {
      asked.push(`${user.name} ${info.verb} ${info.resource}${info.path}`)
      return Promise.resolve().then(() => {
        if (asked.at(-1) !== '/') asked.push('/')
        return decide(info, user)
      })
    },
  }
}

const verbs = (...allowed: string[]) => ({ verb }: RequestInfo): Decision => ({ allowed: allowed.includes(verb), reason: `for ${verb}` })

test('expressions see what a webhook says, and each question is put once', async () => {
  const may = (verb: string): string => `authorizer.group('').resource('pods').check('${verb}').allowed()`
  const table: [string, boolean | RegExp, string][] = [
    [may('get'), true, 't get pods,/'],
    [`${may('get')} && ${may('get')}`, true, 't get pods,/'],
    [`${may('delete')} && ${may('list')}`, false, 't delete pods,t list pods,/'],
    [`${may('delete')} || ${may('list')}`, true, 't delete pods,t list pods,/'],
    [`${may('get')} ? ${may('list')} : ${may('delete')}`, true, 't get pods,/,t list pods,/'],
    [`['get', 'list'].all(verb, authorizer.group('').resource('pods').check(verb).allowed())`, true, 't get pods,t list pods,/'],
    [`authorizer.path('/metrics').check('get').reason() == 'for get'`, true, 't get /metrics,/'],
    [`authorizer.requestResource.check('list').allowed()`, true, 't list configmaps,/'],
    [`authorizer.serviceAccount('shop', 'web').group('').resource('pods').check('get').allowed()`, true, 'system:serviceaccount:shop:web get pods,/'],
    [`${may('get')} && object.none == 1`, /no such key: none/, 't get pods,/'],
    ['object.metadata.name == "a"', true, ''],
  ]
  for (const [expression, expected, asked] of table) {
    const authorizer = slowAuthorizer(verbs('get', 'list'))
    const holds = matchConditions(environments, readerOf([]), authorizer)([{ name: 'c', expression }], { ...request, user: userNamed('t') }, reviewed)
    const found = await holds
    if (expected instanceof RegExp) assert.match(found.outcome === 'error' ? found.message : found.outcome, expected)
    else assert.equal(found.outcome, expected ? 'matches' : 'differs', expression)
    assert.equal(authorizer.asked.join(','), asked, expression)
  }
})

test('without a webhook nothing waits', () => {
  const prompt: Authorizer = { authorize: (_user, { verb }) => ({ allowed: verb === 'get', reason: '' }) }
  const conditions = [{ name: 'c', expression: `authorizer.requestResource.check('get').allowed()` }]
  assert.deepEqual(matchConditions(environments, readerOf([]), prompt)(conditions, request, reviewed), { outcome: 'matches' })
})

test('selectors and failures of a check', async () => {
  const seen: RequestInfo[] = []
  const authorizer = slowAuthorizer((info) => {
    seen.push(info)
    return info.verb === 'list' ? { allowed: true, reason: '' } : { allowed: false, reason: '', error: 'nobody there' }
  })
  const list = `authorizer.group('').resource('pods').fieldSelector('spec.nodeName=n1').labelSelector('app in (a,b)').check('list').allowed()`
  const broken = `authorizer.path('/x').check('get')`
  const conditions = [{ name: 'c', expression: `${list} && ${broken}.errored()` }, { name: 'd', expression: `${broken}.error() == 'nobody there'` }]
  assert.deepEqual(await matchConditions(environments, readerOf([]), authorizer)(conditions, request, reviewed), { outcome: 'matches' })
  const [{ fieldSelector, labelSelector, version }, path] = [seen[0] ?? { fieldSelector: '', labelSelector: '', version: '' }, seen[1]]
  assert.deepEqual([fieldSelector, labelSelector, version], ['spec.nodeName=n1', 'app in (a,b)', '*'])
  assert.deepEqual([path?.isResource, path?.version, seen.length], [false, '', 2])
})

test('a line of questions that never ends, ends', async () => {
  const authorizer = slowAuthorizer(({ path }) => ({ allowed: true, reason: `${path}x` }))
  const chain = Array.from({ length: 40 }, (_, index) => ({
    name: `v${index}`, expression: index === 0 ? `'/'` : `authorizer.path(variables.v${index - 1}).check('get').reason()`,
  }))
  const policy = new CompiledPolicy({ variables: chain, validations: [{ expression: `variables.v39 == ''` }], hasParams: false }, environments)
  const decisions = new Decisions(authorizer, userNamed('t'))
  const found = await decisions.settle(() => policy.validate(policyInput(request, reviewed, undefined, readerOf([]), decisions)))
  assert.deepEqual(found.map(({ outcome }) => outcome), ['error'])
  assert.equal(authorizer.asked.filter((each) => each !== '/').length, 33)
})
