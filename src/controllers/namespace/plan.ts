import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { keyOf } from '../../objects/kube-object.ts'
import type { Action, Plan } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Namespace, NamespaceCondition } from '../../resources/generated/types.ts'
import type { Instant } from '../../words/instant.ts'
import { formatTime } from '../../words/instant.ts'
import { statusPatch } from '../status-patch.ts'

export interface NamespaceContent {
  readonly kind: KindRef
  readonly objects: readonly KubeObject[]
}

export interface NamespaceView {
  readonly namespace: Namespace
  /** Every served namespaced kind, also those without objects. */
  readonly content: readonly NamespaceContent[]
}

const FINALIZER = 'kubernetes'
const MAX_DELETIONS = 200

/** Empties a namespace that is being deleted; when nothing is left, takes away the finalizer that held it. */
export function planNamespace({ namespace, content }: NamespaceView, now: Instant): Plan {
  if (namespace.metadata.deletionTimestamp === undefined) return { actions: [], why: 'The namespace is in use.' }
  if (!(namespace.spec?.finalizers ?? []).includes(FINALIZER)) {
    return { actions: [], why: 'The namespace is empty; others hold it with their finalizers.' }
  }
  const remaining = content.filter(({ objects }) => objects.length > 0)
  const status = { ...namespace.status, phase: 'Terminating', conditions: conditionsOf(namespace, remaining, now) }
  const statusWrite = statusPatch(kinds.Namespace, namespace, namespace.status, status)
  if (remaining.length === 0) return planFinalization(namespace, content)
  const deletions = remaining.flatMap(({ kind, objects }) =>
    objects.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map((object) => deletion(kind, object))
  )
  const count = remaining.reduce((total, { objects }) => total + objects.length, 0)
  const why = deletions.length > 0
    ? `Deletes the content: ${count} objects are left, ${deletions.length} of them not yet being deleted.`
    : `Waits for ${count} objects that are being deleted: ${namesOf(remaining)}.`
  return { actions: [...statusWrite, ...deletions.slice(0, MAX_DELETIONS)], why }
}

/** The last step cannot be undone: the server is asked whether the namespace is really empty. */
function planFinalization(namespace: Namespace, content: readonly NamespaceContent[]): Plan {
  const checks = content.map(({ kind }): Action => ({ verb: 'expect-none', kind, namespace: namespace.metadata.name ?? '' }))
  const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER)
  const object: Namespace = { ...namespace, spec: { ...namespace.spec, finalizers } }
  const finalize: Action = { verb: 'update', kind: kinds.Namespace, object, subresource: 'finalize' }
  return { actions: [...checks, finalize], why: 'Nothing is left in the namespace: lets it go.' }
}

function deletion(kind: KindRef, object: KubeObject): Action {
  const uid = object.metadata.uid === undefined ? {} : { uid: object.metadata.uid }
  return { verb: 'delete', kind, key: keyOf(object), options: { ...uid, propagationPolicy: 'Background' } }
}

function namesOf(remaining: readonly NamespaceContent[]): string {
  const names = remaining.flatMap(({ kind, objects }) => objects.map((object) => `${kind.plural} ${object.metadata.name}`))
  return names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`
}

/** The condition types, reasons and message formats that kubectl and operators' tests know. */
function conditionsOf(namespace: Namespace, remaining: readonly NamespaceContent[], now: Instant): NamespaceCondition[] {
  const wanted: readonly NamespaceCondition[] = [
    {
      type: 'NamespaceDeletionDiscoveryFailure',
      status: 'False',
      reason: 'ResourcesDiscovered',
      message: 'All resources successfully discovered',
    },
    {
      type: 'NamespaceDeletionGroupVersionParsingFailure',
      status: 'False',
      reason: 'ParsedGroupVersions',
      message: 'All legacy kube types successfully parsed',
    },
    {
      type: 'NamespaceDeletionContentFailure',
      status: 'False',
      reason: 'ContentDeleted',
      message: 'All content successfully deleted, may be waiting on finalization',
    },
    remainingCondition(remaining),
    finalizersCondition(remaining),
  ]
  const current = namespace.status?.conditions ?? []
  return wanted.map((condition) => {
    const standing = current.find(({ type }) => type === condition.type)
    const lastTransitionTime = standing?.status === condition.status ? standing.lastTransitionTime ?? formatTime(now) : formatTime(now)
    return { ...condition, lastTransitionTime }
  })
}

function remainingCondition(remaining: readonly NamespaceContent[]): NamespaceCondition {
  const type = 'NamespaceContentRemaining'
  if (remaining.length === 0) return { type, status: 'False', reason: 'ContentRemoved', message: 'All content successfully removed' }
  const counts = remaining.map(({ kind, objects }) => `${kind.plural}.${kind.group} has ${objects.length} resource instances`).sort()
  return { type, status: 'True', reason: 'SomeResourcesRemain', message: `Some resources are remaining: ${counts.join(', ')}` }
}

function finalizersCondition(remaining: readonly NamespaceContent[]): NamespaceCondition {
  const type = 'NamespaceFinalizersRemaining'
  const counts = new Map<string, number>()
  for (const { objects } of remaining) {
    for (const finalizer of objects.flatMap(({ metadata }) => metadata.finalizers ?? [])) {
      counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1)
    }
  }
  if (counts.size === 0) {
    return { type, status: 'False', reason: 'ContentHasNoFinalizers', message: 'All content-preserving finalizers finished' }
  }
  const texts = [...counts].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).sort()
  return {
    type,
    status: 'True',
    reason: 'SomeFinalizersRemain',
    message: `Some content in the namespace has finalizers remaining: ${texts.join(', ')}`,
  }
}
