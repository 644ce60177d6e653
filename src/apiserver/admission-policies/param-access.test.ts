import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import { servedResources } from '../../resources/registry.ts'
import type { Authorizer, User } from '../access.ts'
import { admissionOf, readerOf } from '../access/object-reader.testing.ts'
import { paramAccess } from './param-access.ts'

const alice: User = { name: 'alice', uid: 'u', groups: ['devs'], extra: { scope: ['a', 'b'] } }
const ALICE = 'user &{alice u [devs] map[scope:[a b]]}'

const policy = (kind: KindRef, paramKind?: object): KubeObject & { spec: object } =>
  ({ apiVersion: `${kind.group}/${kind.version}`, kind: kind.kind, metadata: { name: 'p' }, spec: { paramKind } })
const binding = (kind: KindRef, paramRef?: object, policyName = 'p'): KubeObject & { spec: object } =>
  ({ apiVersion: `${kind.group}/${kind.version}`, kind: kind.kind, metadata: { name: 'b' }, spec: { policyName, paramRef } })

test('nobody reads through a policy what he may not read himself', async () => {
  const { ValidatingAdmissionPolicy: VAP, ValidatingAdmissionPolicyBinding: VAPB, MutatingAdmissionPolicy: MAP, MutatingAdmissionPolicyBinding: MAPB } = kinds
  const secrets = { apiVersion: 'v1', kind: 'Secret' }
  const all = `${ALICE} must have "get" permission on all objects of the referenced paramKind`
  const one = `${ALICE} does not have "get" permission on the object referenced by paramRef`
  const ref = { name: 'x', namespace: 'shop' }
  const table: [string, KindRef, KubeObject, KubeObject | undefined, string, string][] = [
    ['no parameters', VAP, policy(VAP), undefined, '', ''],
    ['a kind', VAP, policy(VAP, secrets), undefined, 'get /v1 secrets */*', `spec.paramKind: Forbidden: ${all} (kind=Secret, apiVersion=v1)`],
    ['a kind for changes', MAP, policy(MAP, secrets), undefined, 'get /v1 secrets */*', `spec.paramKind: Forbidden: ${all} (kind=Secret, apiVersion=v1)`],
    ['the same kind', VAP, policy(VAP, secrets), policy(VAP, secrets), '', ''],
    ['another kind', VAP, policy(VAP, secrets), policy(VAP), 'get /v1 secrets */*', `spec.paramKind: Forbidden: ${all} (kind=Secret, apiVersion=v1)`],
    ['an unknown kind', VAP, policy(VAP, { apiVersion: 'x.y/v2', kind: 'Z' }), undefined, 'get x.y/v2 * */*', `spec.paramKind: Forbidden: ${all} (kind=Z, apiVersion=x.y/v2)`],
    ['an object', VAPB, binding(VAPB, ref), undefined, 'get /v1 secrets shop/x', `spec.paramRef: Forbidden: ${one}`],
    ['an object of an unknown policy', MAPB, binding(MAPB, ref), undefined, 'get */* * shop/x', `spec.paramRef: Forbidden: ${one}`],
    ['the same object', VAPB, binding(VAPB, ref), binding(VAPB, ref), '', ''],
    ['the same object for another policy', VAPB, binding(VAPB, ref), binding(VAPB, ref, 'q'), 'get /v1 secrets shop/x', `spec.paramRef: Forbidden: ${one}`],
    ['no object', VAPB, binding(VAPB), undefined, '', ''],
  ]
  for (const [name, kind, object, old, asks, refusal] of table) {
    for (const allowed of [true, false]) {
      const asked: string[] = []
      const authorizer: Authorizer = {
        authorize(_user, { verb, group, version, resource, namespace, name: of }) {
          asked.push(`${verb} ${group}/${version} ${resource} ${namespace}/${of}`)
          return { allowed, reason: '' }
        },
      }
      const validator = paramAccess(authorizer, () => servedResources())
      const request = { ...admissionOf(old === undefined ? 'CREATE' : 'UPDATE', kind, object, { old }), user: alice }
      const reader = readerOf([policy(VAP, secrets)])
      const said = await Promise.resolve().then(() => validator.review(request, reader)).then(() => '', (error: Error) => error.message)
      assert.equal(said.replace(/^.* is invalid: /, ''), allowed ? '' : refusal, name)
      assert.equal(asked.join(), asks, name)
      assert.deepEqual(await validator.review({ ...request, user: { ...alice, groups: ['system:masters'] } }, reader), { allowed: true, warnings: [] })
    }
  }
})
