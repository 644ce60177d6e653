import { kinds } from '../../resources/generated/kinds.ts'
import type { Eviction, Pod, PodCondition } from '../../resources/generated/types.ts'
import { isTerminalPhase } from '../../resources/kinds/pod/phase.ts'
import { formatTime } from '../../words/instant.ts'
import type { Clock } from '../../words/ports.ts'
import { badRequest, isStatus, notFound, StatusError } from '../../words/status-error.ts'
import type { DeleteOptions } from '../../client/client.ts'
import type { ObjectCall, ObjectRoute } from '../route.ts'
import { bodyOf } from './body.ts'
import { budgetsOf, mayIgnore, stillProcessed, takeOne } from './disruption-budget.ts'

/** pods/eviction: a delete that disruption budgets may hold back. */
export function evictionRoute(clock: Clock): ObjectRoute {
  return {
    type: 'object', group: '', resource: kinds.Pod.plural, subresource: 'eviction', verbs: ['create'],
    body: { group: 'policy', version: 'v1', kind: 'Eviction', schema: 'policy.v1.Eviction' },
    async handle(call) {
      const eviction = bodyOf<Eviction>(call)
      const name = eviction.metadata?.name ?? ''
      if (name !== '' && name !== call.key.name) throw badRequest('name in URL does not match name in Eviction object')
      await evict(call, deleteOptions(eviction, call.dryRun), clock)
      return { status: 201, object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } }
    },
  }
}

const NO_OPTIONS: NonNullable<Eviction['deleteOptions']> = { apiVersion: 'v1', kind: 'DeleteOptions' }

function deleteOptions(eviction: Eviction, dryRun: boolean): DeleteOptions {
  const { gracePeriodSeconds, preconditions, dryRun: asked = [] } = eviction.deleteOptions ?? NO_OPTIONS
  return {
    dryRun: dryRun || asked.includes('All'),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: Number(gracePeriodSeconds) }),
    ...(preconditions?.uid === undefined ? {} : { uid: preconditions.uid }),
    ...(preconditions?.resourceVersion === undefined ? {} : { resourceVersion: preconditions.resourceVersion }),
  }
}

const MAX_ATTEMPTS = 20

/** A pod that has not started, or has ended, disrupts nothing when it goes. */
async function evict(call: ObjectCall, options: DeleteOptions, clock: Clock): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const pod = podOf(call)
    if (!needsBudget(pod)) {
      try {
        return await deletePod(call, pinned(pod, options), clock)
      } catch (error) {
        // It may have started in between, and then the budgets do count.
        if (!isStatus(error, 'Conflict') || options.resourceVersion !== undefined || attempt === MAX_ATTEMPTS) throw error
        continue
      }
    }
    return evictCounted(call, pod, options, clock)
  }
}

function podOf({ reader, key }: ObjectCall): Pod {
  const pod = reader.get(kinds.Pod, key)
  if (pod === undefined) throw notFound({ group: '', resource: kinds.Pod.plural }, key.name)
  return pod
}

function needsBudget({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && status?.phase !== 'Pending' && !isTerminalPhase(status?.phase)
}

/** Only as it was seen, where it could become one that counts. */
function pinned(pod: Pod, options: DeleteOptions): DeleteOptions {
  const { deletionTimestamp, resourceVersion } = pod.metadata
  const settled = deletionTimestamp !== undefined || isTerminalPhase(pod.status?.phase)
  return settled || resourceVersion === undefined ? options : { resourceVersion, ...options }
}

async function evictCounted(call: ObjectCall, pod: Pod, options: DeleteOptions, clock: Clock): Promise<void> {
  const [budget, ...others] = budgetsOf(call.reader, pod)
  if (others.length > 0) {
    throw new StatusError(500, '', 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.')
  }
  if (budget === undefined) return deletePod(call, options, clock)
  const budgetKey = { namespace: call.key.namespace, name: budget.metadata.name ?? '' }
  const ready = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
  if (ready || !mayIgnore(budget)) {
    await call.writer.modify(kinds.PodDisruptionBudget, budgetKey, (current) => takeOne(current, call.key, clock.now()), {
      subresource: 'status', dryRun: options.dryRun === true,
    })
    return deletePod(call, options, clock)
  }
  try {
    await deletePod(call, pinned(pod, options), clock)
  } catch (error) {
    // It may have become ready, so that it counts now.
    if (isStatus(error, 'Conflict') && options.resourceVersion === undefined) throw stillProcessed(budgetKey.name)
    throw error
  }
}

/** The pod says why it goes (KEP-3329), so that a Job can tell that from a failure of its own. */
async function deletePod(call: ObjectCall, options: DeleteOptions, clock: Clock): Promise<void> {
  const { uid, resourceVersion, dryRun = false } = options
  if (dryRun) return void (await call.writer.delete(kinds.Pod, call.key, options))
  const marked = await call.writer.modify(kinds.Pod, call.key, (current) => disrupted(current, formatTime(clock.now())), {
    subresource: 'status',
    ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }),
  })
  const now = marked.metadata.resourceVersion
  const asMarked = resourceVersion === undefined || now === undefined ? options : { ...options, resourceVersion: now }
  await call.writer.delete(kinds.Pod, call.key, asMarked)
}

function disrupted(pod: Pod, now: string): Pod {
  const target: PodCondition = {
    type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting', lastTransitionTime: now,
  }
  const conditions = pod.status?.conditions ?? []
  const index = conditions.findIndex(({ type }) => type === 'DisruptionTarget')
  if (conditions[index]?.status === 'True') return pod
  return { ...pod, status: { ...pod.status, conditions: index === -1 ? [...conditions, target] : conditions.with(index, target) } }
}
