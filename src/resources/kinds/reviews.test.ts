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
  check(selfSubjectRulesReviews, { 'spec.namespace': undefined }, 'spec.namespace: Required value')
  check(tokenReviews, { 'spec.token': undefined }, 'spec.token: Required value')
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
