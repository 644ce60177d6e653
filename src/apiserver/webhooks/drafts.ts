import type { JsonObject } from '../../objects/json.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { AdmissionRequest } from '../access.ts'
import type { ReviewedObjects } from './admission-review.ts'
import { isOfResource, shownAs, type Equivalents } from './webhooks.ts'

/** The draft of a request is one object from its beginning to its end: what it is to be is put into it. */
export function replaceContent(object: KubeObject, by: KubeObject): void {
  const draft = object as KubeObject & JsonObject
  const content = by as KubeObject & JsonObject
  for (const field of Object.keys(draft)) if (content[field] === undefined) delete draft[field]
  for (const field of Object.keys(content)) draft[field] = content[field]
}

/** Nobody makes another kind of an object. */
export function isSameKind(before: object, after: JsonObject): boolean {
  const { kind, apiVersion } = before as JsonObject
  return after['kind'] === kind && after['apiVersion'] === apiVersion
}

/** The objects of a request, as they are now, in the version that somebody is asked about them in. */
export function objectsAs(
  equivalents: Equivalents, { kind, object, old }: AdmissionRequest, as: KindRef,
): ReviewedObjects | Promise<ReviewedObjects> {
  const face = as === kind ? undefined : equivalents(kind).find((each) => each.kind === as)
  return face === undefined ? { kind: as, object, old } : shownAs(face, { object, old })
}

/** What was made of an object in another version, in the version of the request. */
export function toFace(
  equivalents: Equivalents, { from, to }: { readonly from: KindRef; readonly to: KindRef }, object: KubeObject,
): KubeObject | Promise<KubeObject> {
  if (from === to) return object
  const face = equivalents(to).find(({ kind }) => kind === from)
  return face === undefined || !isOfResource(face, object) ? object : face.fromThat(object)
}
