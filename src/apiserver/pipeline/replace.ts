import { isObject } from '../../objects/json.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import { invalid, notFound } from '../../words/status-error.ts'
import { createObject } from './create.ts'
import { freshDraft } from './fresh-draft.ts'
import { decodeFields } from './schema-stage.ts'
import { updateObject } from './update.ts'
import type { PipelineParts, WriteRequest, Written } from './write-request.ts'
import { requireCreate, resourceName } from './write-request.ts'

/** Kinds whose PUT creates what is not there, as upstream's AllowCreateOnUpdate has it: those that agents announce by replacing, and some more. */
const CREATED_ON_UPDATE: ReadonlySet<string> = new Set([
  '/events', 'events.k8s.io/events', 'coordination.k8s.io/leases', '/endpoints', '/services',
  '/limitranges', 'node.k8s.io/runtimeclasses', ...['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'].map(
    (plural) => `rbac.authorization.k8s.io/${plural}`),
])

/**
 * PUT. body is a fresh object. With a resourceVersion it replaces exactly that state; without one, whatever is there,
 * also when another write comes between.
 */
export async function replaceObject(parts: PipelineParts, request: WriteRequest, body: object): Promise<Written> {
  const { resource, key } = request
  if (resource.cache.get(key) === undefined) {
    if (request.subresource !== '' || !CREATED_ON_UPDATE.has(`${resource.kind.group}/${resource.kind.plural}`) || hasRevision(body)) {
      throw notFound(resourceName(resource), key.name)
    }
    await requireCreate(parts, request)
    return createObject(parts, request, body)
  }
  const decoded = decodeFields(parts, request, body)
  const conditional = (decoded.metadata.resourceVersion ?? '') !== ''
  if (!conditional && needsRevision(resource.definition)) throw unconditional(resource.kind, key.name)
  // A draft is changed on its way, and a second attempt needs an untouched one; with a revision there is no second attempt.
  return updateObject(parts, request, () => ({ object: conditional ? decoded : freshDraft(decoded) }))
}

/** Custom resources too: nobody can say that their writers do not step on each other. */
function needsRevision({ needsRevision: isNeeded, form }: ResourceDefinition): boolean {
  return isNeeded || form !== undefined
}

/** Upstream shows the number as Go writes it in code, and the plural as the kind. */
function unconditional({ group, plural }: KindRef, name: string): Error {
  const message = 'Invalid value: 0x0: must be specified for an update'
  return invalid({ group, kind: plural }, name, [{ reason: 'FieldValueInvalid', field: 'metadata.resourceVersion', message }])
}

function hasRevision(body: object): boolean {
  const metadata = 'metadata' in body ? body.metadata : undefined
  return isObject(metadata) && (metadata['resourceVersion'] ?? '') !== ''
}
