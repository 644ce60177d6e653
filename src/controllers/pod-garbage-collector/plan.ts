import { keyOf } from '../../objects/kube-object.ts'
import type { Action, Plan } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod } from '../../resources/generated/types.ts'
import type { Instant } from '../../words/instant.ts'
import { formatTime, parseTime } from '../../words/instant.ts'
import { isFinished } from '../pod-state.ts'

export type PodGarbageView =
  /** orphaned: its node is gone; else it was deleted before it had one. */
  | { readonly pod: Pod; readonly orphaned: boolean }
  | { readonly finished: readonly Pod[]; readonly maxFinishedPods: number }

/** A node that only registers anew is back within this time; its pods run on meanwhile. */
const QUARANTINE_MS = 40_000
const MAX_DELETIONS = 200
const REASON = 'DeletionByPodGC'

/** What becomes of one pod that nobody looks after, or of the finished pods beyond the number that is kept. */
export function planPodGarbage(view: PodGarbageView, now: Instant): Plan {
  if ('finished' in view) return planFinished(view.finished, view.maxFinishedPods)
  if (!view.orphaned) return { actions: [removal(view.pod)], why: 'It was deleted before it had a node: nobody else removes it.' }
  return planOrphan(view.pod, now)
}

/** First it is marked, which is also how the time is remembered; after the quarantine it fails and goes. */
function planOrphan(pod: Pod, now: Instant): Plan {
  const nodeName = pod.spec?.nodeName ?? ''
  const check: Action = { verb: 'expect-absent', kind: kinds.Node, key: { namespace: '', name: nodeName }, uid: undefined }
  const mark = pod.status?.conditions?.find(({ type, reason }) => type === 'DisruptionTarget' && reason === REASON)
  const since = parseTime(mark?.lastTransitionTime ?? '')
  if (since === undefined) {
    return { actions: [check, statusPatch(pod, marked(now))], why: `Its node ${nodeName} is gone: waits whether it comes back.` }
  }
  const until = since + QUARANTINE_MS
  if (now < until) {
    return {
      actions: [],
      wakeAt: until,
      why: `Its node ${nodeName} is gone: is removed at ${formatTime(until)} unless the node comes back.`,
    }
  }
  const failing = isFinished(pod) ? [] : [statusPatch(pod, { phase: 'Failed' })]
  return {
    actions: [check, ...failing, removal(pod)],
    why: `Its node ${nodeName} has been gone for ${QUARANTINE_MS / 1000} s: removes it.`,
  }
}

function planFinished(finished: readonly Pod[], maxFinishedPods: number): Plan {
  const surplus = finished.length - maxFinishedPods
  if (surplus <= 0) return { actions: [], why: `${finished.length} finished pods are kept; ${maxFinishedPods} may be.` }
  const byAge = [...finished].sort((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1))
  const actions = byAge.slice(0, Math.min(surplus, MAX_DELETIONS)).map(removal)
  return { actions, why: `${finished.length} finished pods are more than ${maxFinishedPods}: removes the oldest.` }
}

function marked(now: Instant): object {
  const message = 'PodGC: node no longer exists'
  return { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: REASON, message, lastTransitionTime: formatTime(now) }] }
}

function statusPatch(pod: Pod, status: object): Action {
  const body = { metadata: { uid: pod.metadata.uid }, status }
  return { verb: 'patch', kind: kinds.Pod, key: keyOf(pod), patch: { type: 'strategic', body }, subresource: 'status' }
}

function removal(pod: Pod): Action {
  const uid = pod.metadata.uid === undefined ? {} : { uid: pod.metadata.uid }
  return { verb: 'delete', kind: kinds.Pod, key: keyOf(pod), options: { ...uid, gracePeriodSeconds: 0 } }
}
