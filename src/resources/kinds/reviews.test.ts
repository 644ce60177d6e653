import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ResourceDefinition } from '../definition.ts'
import { sampleOf } from '../sample-objects.testing.ts'
import type { Change } from './checking.testing.ts'
import { changed, messagesOf } from './checking.testing.ts'
import {
  defaultTokenRequest, localSubjectAccessReviews, selfSubjectAccessReviews, selfSubjectRulesReviews, subjectAccessReviews, tokenReviews, validateTokenRequest,
} from './reviews.ts'

function check(definition: ResourceDefinition, change: Change, ...expected: string[]): void {
  assert.deepEqual(messagesOf(definition.validateCreate(changed(sampleOf(definition.kind), change))), expected)
}

test('what may be asked', () => {
  check(subjectAccessReviews, { 'spec.user': undefined }, 'spec.user: Invalid value: "": at least one of user or group must be specified')
  check(subjectAccessReviews, { 'spec.nonResourceAttributes': { path: '/x' } },
    'spec.nonResourceAttributes: Invalid value: {"path":"/x"}: cannot be specified in combination with resourceAttributes')
  check(selfSubjectAccessReviews, { 'spec.resourceAttributes': undefined },
    'spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified')
  check(selfSubjectAccessReviews, { 'metadata.name': 'x' }, 'metadata: Invalid value: {"name":"x"}: must be empty')
  check(localSubjectAccessReviews, { 'spec.resourceAttributes.namespace': 'other' },
    'spec.resourceAttributes.namespace: Invalid value: "other": must match metadata.namespace')
  check(localSubjectAccessReviews, { 'metadata.name': 'x' }, 'metadata: Invalid value: {"name":"x"}: must be empty except for namespace')
  check(selfSubjectRulesReviews, { 'spec.namespace': undefined })
  check(tokenReviews, { 'spec.token': undefined })
})

test('which objects alone may be asked about', () => {
  const selector = 'spec.resourceAttributes.fieldSelector'
  check(selfSubjectAccessReviews, { [selector]: { rawSelector: 'spec.nodeName=worker' } })
  check(selfSubjectAccessReviews, { [selector]: {} }, `${selector}.requirements: Required value: when ${selector} is specified, requirements or rawSelector is required`)
  check(selfSubjectAccessReviews, { [selector]: { rawSelector: 'a=b', requirements: [{ key: 'a', operator: 'Later' }] } },
    `${selector}.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements`)
  check(selfSubjectAccessReviews, { [selector]: { requirements: [{ operator: 'In' }, { key: 'a', operator: 'Exists', values: ['b'] }] } },
    `${selector}.requirements[0].key: Required value: must be specified`,
    `${selector}.requirements[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
    `${selector}.requirements[1].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`)
  check(selfSubjectAccessReviews, { 'spec.resourceAttributes.labelSelector': { requirements: [{ key: 'app', operator: 'In', values: ['web'] }] } })
})

test('requests for tokens', () => {
  const request = (expirationSeconds?: number) => ({
    apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {},
    spec: { audiences: [], ...(expirationSeconds === undefined ? {} : { expirationSeconds }) },
  })
  const draft = request()
  defaultTokenRequest(draft)
  assert.deepEqual(draft.spec, { audiences: [], expirationSeconds: 3600 })
  assert.deepEqual(messagesOf(validateTokenRequest(request(599))), ['spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes'])
  assert.deepEqual(messagesOf(validateTokenRequest(request(600))), [])
  assert.deepEqual(messagesOf(validateTokenRequest(request(2 ** 33))),
    ['spec.expirationSeconds: Invalid value: 8589934592: may not specify a duration larger than 2^32 seconds'])
})
