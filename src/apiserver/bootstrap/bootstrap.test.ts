import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyJson } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import type { ClusterRole, ClusterRoleBinding } from '../../resources/generated/types.ts'
import { flowSchemas } from '../../resources/kinds/flow-control/flow-schema.ts'
import { priorityLevelConfigurations } from '../../resources/kinds/flow-control/priority-level-configuration.ts'
import { internalUsers } from '../access/internal-users.ts'
import { infoOf, readerOf, urlInfo, userNamed } from '../access/object-reader.testing.ts'
import { RbacAuthorizer } from '../access/rbac-authorizer.ts'
import { aggregate } from '../../policy/rbac/role-aggregation.ts'
import type { RequestInfo, User } from '../access.ts'
import { startTestServer } from '../apiserver.testing.ts'
import { silentLog } from '../../words/ports.ts'
import { keepFlowControl } from './apply.ts'
import { bootstrapFlowSchemas, bootstrapPriorityLevels, reconcileFlowControl } from './flow-control.ts'
import { bootstrapPolicy } from './policy.ts'
import { reconcileBinding, reconcileRole } from './reconcile-policy.ts'
import { rule } from './rule.ts'

const policy = bootstrapPolicy()

test('the default roles allow what their holders need and no more', () => {
  const bound = (name: string, to: string): ClusterRoleBinding => ({
    apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name }, roleRef: { apiGroup: '', kind: 'ClusterRole', name: to },
    subjects: [{ kind: 'User', name }],
  })
  const people = ['admin', 'edit', 'view'].map((name) => bound(name, name))
  const rbac = new RbacAuthorizer(readerOf([...policy.clusterRoles, ...policy.clusterRoleBindings, ...people]), () => 1)
  const anyone = userNamed('anna', 'system:authenticated')
  const nobody = userNamed('system:anonymous', 'system:unauthenticated')
  const deployments = userNamed('system:serviceaccount:kube-system:deployment-controller', 'system:serviceaccounts')
  const table: [User, RequestInfo, boolean][] = [
    [anyone, urlInfo('get', '/apis/apps/v1'), true],
    [anyone, urlInfo('get', '/openapi/v2'), true],
    [anyone, urlInfo('get', '/metrics'), false],
    [anyone, infoOf('create', 'selfsubjectaccessreviews.authorization.k8s.io'), true],
    [anyone, infoOf('list', 'pods', 'default'), false],
    [nobody, urlInfo('get', '/version'), true],
    [nobody, urlInfo('get', '/apis'), false],
    [userNamed('admin'), infoOf('create', 'rolebindings.rbac.authorization.k8s.io', 'a'), true],
    [userNamed('admin'), infoOf('get', 'secrets', 'a', 'b'), true],
    [userNamed('admin'), infoOf('update', 'deployments.apps', 'a', 'b'), true],
    [userNamed('edit'), infoOf('create', 'pods/exec', 'a', 'b'), true],
    [userNamed('edit'), infoOf('create', 'rolebindings.rbac.authorization.k8s.io', 'a'), false],
    [userNamed('view'), infoOf('get', 'pods/log', 'a', 'b'), true],
    [userNamed('view'), infoOf('get', 'secrets', 'a', 'b'), false],
    [userNamed('view'), infoOf('list', 'endpointslices.discovery.k8s.io', 'a'), true],
    [userNamed('view'), infoOf('watch', 'poddisruptionbudgets.policy', 'a'), true],
    [userNamed('view'), infoOf('create', 'jobs.batch', 'a'), false],
    [userNamed('edit'), infoOf('create', 'cronjobs.batch', 'a'), true],
    [userNamed('edit'), infoOf('update', 'statefulsets/scale.apps', 'a', 'b'), true],
    [userNamed('edit'), infoOf('create', 'pods/eviction', 'a', 'b'), true],
    [userNamed('edit'), infoOf('update', 'horizontalpodautoscalers.autoscaling', 'a', 'b'), true],
    [userNamed('admin'), infoOf('create', 'persistentvolumes'), false],
    [userNamed('view'), infoOf('list', 'ingresses.networking.k8s.io', 'a'), true],
    [userNamed('view'), infoOf('create', 'ingresses.networking.k8s.io', 'a'), false],
    [userNamed('edit'), infoOf('create', 'resourceclaims.resource.k8s.io', 'a'), true],
    [userNamed('admin'), infoOf('create', 'storageclasses.storage.k8s.io'), false],
    [userNamed('admin'), infoOf('list', 'customresourcedefinitions.apiextensions.k8s.io'), false],
    [internalUsers.controllerManager, infoOf('update', 'certificatesigningrequests/approval.certificates.k8s.io', '', 'a'), true],
    [internalUsers.scheduler, infoOf('create', 'pods/binding', 'a', 'b'), true],
    [internalUsers.scheduler, infoOf('create', 'pods', 'a'), false],
    [internalUsers.controllerManager, infoOf('create', 'replicasets.apps', 'a'), true],
    [internalUsers.controllerManager, infoOf('update', 'namespaces/finalize', 'a', 'a'), true],
    [internalUsers.controllerManager, infoOf('watch', 'leases.coordination.k8s.io'), true],
    [deployments, infoOf('create', 'replicasets.apps', 'a'), true],
    [deployments, infoOf('create', 'pods', 'a'), false],
    [userNamed('x', 'system:serviceaccounts'), urlInfo('get', '/openid/v1/jwks'), true],
    [userNamed('system:node:n1', 'system:nodes'), infoOf('list', 'pods'), false],
    [userNamed('system:node:n1', 'system:nodes'), infoOf('create', 'certificatesigningrequests/selfnodeclient.certificates.k8s.io'), true],
    [userNamed('system:node:n1', 'system:nodes'), infoOf('create', 'certificatesigningrequests/selfnodeserver.certificates.k8s.io'), true],
    [userNamed('system:node:n1', 'system:nodes'), infoOf('create', 'certificatesigningrequests/nodeclient.certificates.k8s.io'), false],
  ]
  for (const [user, info, allowed] of table) assert.equal(rbac.authorize(user, info).allowed, allowed, `${user.name} ${info.verb} ${info.resource}${info.path}`)
})

test('composed roles are stored composed', () => {
  assert.deepEqual(aggregate(policy.clusterRoles), [])
})

test('names are unique', () => {
  for (const objects of [policy.clusterRoles, policy.clusterRoleBindings]) {
    assert.equal(new Set(objects.map((object) => object.metadata.name)).size, objects.length)
  }
})

test('an older cluster gets what is missing, and keeps what people added', () => {
  const [wanted] = policy.clusterRoles.filter((role) => role.metadata.name === 'system:kube-scheduler')
  assert.ok(wanted !== undefined)
  assert.deepEqual(reconcileRole(wanted, wanted), { action: 'keep' })
  const extra = rule('get', 'example.com', 'things')
  const older: ClusterRole = { ...wanted, rules: [extra, ...(wanted.rules ?? []).slice(1)] }
  const change = reconcileRole(older, wanted)
  assert.equal(change.action, 'update')
  assert.ok(change.action === 'update' && change.object.rules?.includes(extra))
  assert.deepEqual(change.action === 'update' && reconcileRole(change.object, wanted), { action: 'keep' })
  const handsOff = { ...older, metadata: { ...older.metadata, annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } } }
  assert.deepEqual(reconcileRole(handsOff, wanted), { action: 'keep' })
  const labelled: ClusterRole = { ...wanted, metadata: { name: 'system:kube-scheduler' } }
  assert.equal(reconcileRole(labelled, wanted).action, 'update')
})

test('bindings get missing subjects; another role means a new binding', () => {
  const [wanted] = policy.clusterRoleBindings.filter((binding) => binding.metadata.name === 'cluster-admin')
  assert.ok(wanted !== undefined)
  assert.deepEqual(reconcileBinding(wanted, wanted), { action: 'keep' })
  const mine = { kind: 'User', name: 'me' }
  const change = reconcileBinding({ ...wanted, subjects: [mine] }, wanted)
  assert.deepEqual(change.action === 'update' && change.object.subjects, [mine, ...(wanted.subjects ?? [])])
  assert.deepEqual(reconcileBinding({ ...wanted, roleRef: { ...wanted.roleRef, name: 'view' } }, wanted), { action: 'replace', object: wanted })
})

test('flow control: levels and schemas that are valid, and are left alone once they stand', () => {
  const levels = new Set(bootstrapPriorityLevels().map(({ metadata }) => metadata.name))
  assert.deepEqual([...levels].sort(), [
    'catch-all', 'exempt', 'global-default', 'leader-election', 'node-high', 'system', 'workload-high', 'workload-low',
  ])
  const check = <T extends KubeObject>(definition: ResourceDefinition<T>, wanted: T): void => {
    const draft = copyJson(wanted)
    definition.defaults(draft)
    assert.deepEqual(definition.validateCreate(draft), [])
    assert.deepEqual(reconcileFlowControl(draft, wanted), { action: 'keep' }, wanted.metadata.name)
  }
  for (const level of bootstrapPriorityLevels()) check(priorityLevelConfigurations, level)
  for (const schema of bootstrapFlowSchemas()) {
    check(flowSchemas, schema)
    assert.ok(levels.has(schema.spec?.priorityLevelConfiguration.name), schema.metadata.name)
  }
  const [schema] = bootstrapFlowSchemas().filter(({ metadata }) => metadata.name === 'service-accounts')
  assert.ok(schema?.spec !== undefined)
  const tuned = { ...schema, spec: { ...schema.spec, matchingPrecedence: 7 } }
  assert.equal(reconcileFlowControl(tuned, schema).action, 'update')
  const handsOff = { ...tuned, metadata: { ...tuned.metadata, annotations: { 'apf.kubernetes.io/autoupdate-spec': 'false' } } }
  assert.equal(reconcileFlowControl(handsOff, schema).action, 'keep')
  assert.equal(reconcileFlowControl({ ...tuned, metadata: { name: 'x', generation: 2 } }, schema).action, 'keep')
})

test('flow control: what is deleted is there again within a minute', async () => {
  const server = await startTestServer()
  const stop = new AbortController()
  const kept = keepFlowControl(server.server.client(internalUsers.apiServer), { clock: server.clock, log: silentLog }, stop.signal)
  const status = async (): Promise<number> => (await server.request('GET', '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/catch-all')).status
  await server.clock.advance(61_000)
  assert.equal(await status(), 200)
  await server.request('DELETE', '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/catch-all')
  assert.equal(await status(), 404)
  await server.clock.advance(61_000)
  assert.equal(await status(), 200)
  stop.abort()
  server.stop()
  await kept
})
