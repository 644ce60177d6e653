import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../resources/generated/kinds.ts'
import type { AdmissionRequest, Authorizer } from '../access.ts'
import { readerOf, userNamed } from '../access/object-reader.testing.ts'
import { ownerReferencePermissions } from './owner-references.ts'

const asked: string[] = []
const authorizer: Authorizer = {
  authorize: (user, { verb, group, resource, subresource, namespace, name }) => {
    asked.push(`${verb} ${group}/${resource}/${subresource} ${namespace}/${name}`)
    return { allowed: user.name === 'ann' || (user.name === 'bob' && verb === 'delete'), reason: '' }
  },
}
const plugin = ownerReferencePermissions({ authorizer, servedKinds: () => [kinds.Deployment, kinds.Node] })
const owner = (kind: string, apiVersion: string, blockOwnerDeletion?: boolean) => (
  { apiVersion, kind, name: 'o', uid: kind, ...(blockOwnerDeletion === undefined ? {} : { blockOwnerDeletion }) })

async function verdict(name: string, before: readonly object[] | undefined, after: readonly object[], more: Partial<AdmissionRequest> = {}): Promise<string> {
  const object = (ownerReferences: readonly object[]) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'shop', ownerReferences } })
  const request = {
    operation: before === undefined ? 'CREATE' : 'UPDATE', kind: kinds.Pod, key: { namespace: 'shop', name: 'p' }, subresource: '',
    object: object(after), old: before && object(before), user: userNamed(name), dryRun: false, ...more,
  } as AdmissionRequest
  asked.length = 0
  if (!plugin.matches(request)) return 'not concerned'
  const answer = await plugin.review(request, readerOf([]))
  return answer.allowed ? `allowed after ${asked.join(', ') || 'nothing'}` : answer.message
}

test('who gives an object an owner may delete it; who blocks an owner may change its finalizers', async () => {
  const [plain, blocking, node] = [owner('Deployment', 'apps/v1'), owner('Deployment', 'apps/v1', true), owner('Node', 'v1', true)]
  const cannotDelete = "cannot set an ownerRef on a resource you can't delete: , <nil>"
  const cannotBlock = "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: , <nil>"
  const [asksDelete, asksFinalizers] = ['delete /pods/ shop/p', 'update apps/deployments/finalizers shop/o']
  const check = async (actual: Promise<string>, expected: string): Promise<void> => assert.equal(await actual, expected)
  await check(verdict('eve', undefined, []), 'not concerned')
  await check(verdict('eve', [blocking], [blocking]), 'not concerned')
  await check(verdict('eve', [], [plain], { subresource: 'status' }), 'not concerned')
  await check(verdict('eve', undefined, [plain]), 'allowed after nothing')
  await check(verdict('eve', [], [plain]), cannotDelete)
  await check(verdict('eve', [plain], []), cannotDelete)
  await check(verdict('bob', [], [plain]), `allowed after ${asksDelete}`)
  await check(verdict('bob', [blocking], [plain]), `allowed after ${asksDelete}`)
  await check(verdict('bob', [plain], [blocking]), cannotBlock)
  await check(verdict('eve', undefined, [blocking]), cannotBlock)
  await check(verdict('ann', [plain], [blocking]), `allowed after ${asksDelete}, ${asksFinalizers}`)
  await check(verdict('ann', undefined, [node]), 'allowed after update /nodes/finalizers /o')
  await check(verdict('ann', undefined, [owner('Widget', 'acme.com/v1', true)]), 'cannot set blockOwnerDeletion in this case because cannot find RESTMapping ' +
    'for APIVersion acme.com/v1 Kind Widget: no matches for kind "Widget" in version "acme.com/v1"')
})
