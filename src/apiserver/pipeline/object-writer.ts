import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject, ObjectKey } from '../../objects/kube-object.ts'
import { conflict, notFound } from '../../words/status-error.ts'
import type { AuditNotes, User } from '../access.ts'
import type { DeleteOptions as ClientDeleteOptions } from '../../client/client.ts'
import { asStored } from '../resource-set.ts'
import type { ServedResource } from '../resource-set.ts'
import type { ModifyOptions, ObjectWriter } from '../route.ts'
import { objectKeyText } from '../storage/keys.ts'
import { commitDeletion, commitObject } from './commit.ts'
import { createObject } from './create.ts'
import { deleteObject } from './delete.ts'
import { isReadyToGo } from './deletion-marks.ts'
import { freshDraft } from './fresh-draft.ts'
import { requireSame } from './metadata.ts'
import type { PipelineParts, WriteRequest } from './write-request.ts'
import { resourceName } from './write-request.ts'

/** Who writes, for how long, and where its warnings go. */
export interface WriterOptions {
  readonly user: User
  readonly manager: string
  readonly signal: AbortSignal
  readonly audit?: AuditNotes | undefined
  warn(message: string): void
}

const MAX_ATTEMPTS = 100

/** The writer that handlers of subresources get. */
export function objectWriter(parts: PipelineParts, options: WriterOptions): ObjectWriter {
  const requestFor = (kind: KindRef, key: ObjectKey, dryRun = false): WriteRequest => ({
    resource: parts.resources.of(kind), key, subresource: '', user: options.user, dryRun, manager: options.manager,
    fieldValidation: 'Ignore', trusted: true, signal: options.signal, audit: options.audit, warn: (message) => options.warn(message),
  })
  return {
    async create(kind, object, { dryRun = false } = {}) {
      const request = requestFor(kind, { namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' }, dryRun)
      const { served } = await createObject(parts, request, freshDraft(object))
      return served.object as typeof object
    },
    async modify(kind, key, change, modifyOptions = {}) {
      return modifyObject(parts, parts.resources.of(kind), key, change, modifyOptions)
    },
    async delete<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey, deleteOptions: ClientDeleteOptions = {}) {
      const deleted = await deleteObject(parts, requestFor(kind, key, deleteOptions.dryRun), completeDeleteOptions(deleteOptions))
      return deleted.outcome === 'gone' ? undefined : (deleted.served.object as T)
    },
  }
}

export function completeDeleteOptions(options: ClientDeleteOptions): Parameters<typeof deleteObject>[2] {
  return {
    dryRun: options.dryRun === true, gracePeriodSeconds: options.gracePeriodSeconds, propagationPolicy: options.propagationPolicy,
    orphanDependents: undefined, uid: options.uid, resourceVersion: options.resourceVersion,
  }
}

async function modifyObject<T extends KubeObject>(
  parts: PipelineParts, resource: ServedResource, key: ObjectKey, change: (current: T) => T, options: ModifyOptions,
): Promise<T> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const cached = resource.cache.getByText(objectKeyText(resource.cache.prefix, key))
    if (cached === undefined) throw notFound(resourceName(resource), key.name)
    const current = cached.seen(resource.view).object as T
    requireSame(resource, options, current.metadata)
    const changed = change(current)
    if (options.dryRun === true || changed === current) return changed
    if (isReadyToGo(changed)) {
      if ((await commitDeletion(parts, cached)) !== undefined) return changed
      continue
    }
    const result = await commitObject(parts, cached.key, asStored(resource, changed), cached.revision)
    if (result.outcome === 'stored') return result.cached.seen(resource.view).object as T
  }
  throw conflict(resourceName(resource), key.name, 'the object has been modified by others too often; please try again')
}
