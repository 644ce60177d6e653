import { isObject, type JsonObject } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import type { KubeObject } from '../../objects/kube-object.ts'

const API_VERSIONS: Readonly<Record<string, string>> = { v1: 'apiextensions.k8s.io/v1', v1beta1: 'apiextensions.k8s.io/v1beta1' }

/** The first of the versions that this server speaks, as an apiVersion; undefined: none. */
export function reviewVersion(versions: readonly string[]): string | undefined {
  return versions.map((version) => API_VERSIONS[version]).find((apiVersion) => apiVersion !== undefined)
}

/** apiextensions.k8s.io ConversionReview with its request. */
export function conversionReview(
  apiVersion: string, request: { uid: string; objects: readonly KubeObject[]; desiredAPIVersion: string },
): JsonObject {
  const { uid, objects, desiredAPIVersion } = request
  return { kind: 'ConversionReview', apiVersion, request: { uid, desiredAPIVersion, objects: objects.map(withoutRevision) } }
}

/** What is stored does not know its revision, and what is to be stored has none yet. */
function withoutRevision(object: KubeObject): KubeObject {
  const { resourceVersion: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** The converted objects, unchecked. Throws an Error with a sentence where the answer is none, or says that the conversion failed. */
export function convertedObjects(review: JsonObject, asked: { uid: string; apiVersion: string }): readonly unknown[] {
  const { response, kind, apiVersion } = review
  // The older version never looked at these, and webhooks that only know it may leave them out.
  const isStrict = asked.apiVersion === API_VERSIONS['v1']
  if (isStrict && (kind !== 'ConversionReview' || apiVersion !== asked.apiVersion)) {
    throw new Error(`expected webhook response of ${asked.apiVersion}, Kind=ConversionReview, got ${told(apiVersion)}, Kind=${told(kind)}`)
  }
  if (!isObject(response)) throw new Error('no response provided')
  if (isStrict && response['uid'] !== asked.uid) {
    throw new Error(`expected response.uid=${JSON.stringify(asked.uid)}, got ${jsonText(told(response['uid']))}`)
  }
  const result = isObject(response['result']) ? response['result'] : {}
  if (result['status'] !== 'Success') {
    const message = told(result['message'])
    throw new Error(message !== '' ? message : `response.result.status was '${told(result['status'])}', not 'Success'`)
  }
  return Array.isArray(response['convertedObjects']) ? response['convertedObjects'] : []
}

function told(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
