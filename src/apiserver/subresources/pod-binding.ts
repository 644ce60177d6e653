import { formatTime } from '../../words/instant.ts'
import type { Clock } from '../../words/ports.ts'
import { badRequest, conflict, invalid } from '../../words/status-error.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import { validateBinding } from '../../resources/kinds/binding.ts'
import type { Binding, Pod, PodCondition } from '../../resources/generated/types.ts'
import type { ObjectKey } from '../../objects/kube-object.ts'
import type { ObjectCall, ObjectRoute } from '../route.ts'
import { bodyOf } from './body.ts'

const BODY = { group: '', version: 'v1', kind: 'Binding', schema: kinds.Binding.schema }

/** pods/binding, and the older POST of a Binding to /bindings: gives a pod its node, once. */
export function bindingRoutes(clock: Clock): readonly ObjectRoute[] {
  const common = { type: 'object', group: '', verbs: ['create'], body: BODY } as const
  return [
    { ...common, resource: kinds.Pod.plural, subresource: 'binding', handle: (call) => bind(call, clock) },
    {
      ...common, resource: kinds.Binding.plural, subresource: '',
      handle(call) {
        const name = bodyOf<Binding>(call).metadata.name ?? ''
        if (name === '') throw badRequest('metadata.name must name the pod to bind')
        return bind({ ...call, key: { namespace: call.key.namespace, name } }, clock)
      },
    },
  ]
}

async function bind(call: ObjectCall, clock: Clock): Promise<{ status: number; object: Record<string, unknown> }> {
  const binding = bodyOf<Binding>(call)
  if (binding.metadata.name !== call.key.name) throw badRequest('name in URL does not match name in Binding object')
  const errors = validateBinding(binding)
  if (errors.length > 0) throw invalid(BODY, call.key.name, errors)
  const { uid, resourceVersion } = binding.metadata
  await call.writer.modify(kinds.Pod, call.key, (pod) => assigned(pod, binding, call.key, clock), {
    subresource: 'binding', dryRun: call.dryRun,
    ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }),
  })
  return { status: 201, object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } }
}

function assigned(pod: Pod, { target, metadata }: Binding, key: ObjectKey, clock: Clock): Pod {
  const refuse = (why: string): Error => conflict({ group: '', resource: 'pods/binding' }, key.name, why)
  if (pod.metadata.deletionTimestamp !== undefined) throw refuse(`pod ${key.name} is being deleted, cannot be assigned to a host`)
  if ((pod.spec?.nodeName ?? '') !== '') throw refuse(`pod ${key.name} is already assigned to node ${JSON.stringify(pod.spec?.nodeName)}`)
  if ((pod.spec?.schedulingGates?.length ?? 0) > 0) throw refuse(`pod ${key.name} has non-empty .spec.schedulingGates`)
  const annotations = metadata.annotations === undefined
    ? pod.metadata.annotations
    : { ...pod.metadata.annotations, ...metadata.annotations }
  return {
    ...pod,
    ...(annotations === undefined ? {} : { metadata: { ...pod.metadata, annotations } }),
    spec: { ...(pod.spec ?? { containers: [] }), nodeName: target.name ?? '' },
    status: { ...pod.status, conditions: withScheduled(pod.status?.conditions ?? [], formatTime(clock.now())) },
  }
}

function withScheduled(conditions: readonly PodCondition[], now: string): PodCondition[] {
  const scheduled: PodCondition = { type: 'PodScheduled', status: 'True', lastTransitionTime: now }
  const index = conditions.findIndex((condition) => condition.type === 'PodScheduled')
  return index === -1 ? [...conditions, scheduled] : conditions.with(index, scheduled)
}
