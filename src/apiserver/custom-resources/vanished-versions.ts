import type { KubeObject } from '../../objects/kube-object.ts'
import { StatusError } from '../../words/status-error.ts'
import type { Conversion, RemoteConversion } from '../resource-set.ts'
import { ShownObject } from '../watch-cache/cached-object.ts'
import type { CachedObject, Served } from '../watch-cache/cached-object.ts'
import type { VersionForms } from './version-forms.ts'

/** Whether any object is stored in a version that the definition does not have. */
export function hasVanished(forms: VersionForms, objects: Iterable<CachedObject>): boolean {
  for (const cached of objects) if (!forms.has(cached.storedVersion)) return true
  return false
}

/** What a client hears of an object that is stored in a version of which nobody says any more what is in it. */
export function vanishedVersion(apiVersion: string): StatusError {
  return new StatusError(500, '', `request to convert CR from an invalid group/version: ${apiVersion}`)
}

/**
 * Strategy None where objects are stored in versions that the definition does not have any more. Under another version's schema they would
 * lose, with the next write, what only their own one knows: they are refused, until the definition has their version again. New objects
 * never are of such a version: where there is none when the definition changes, there will be none. The deletion of a definition or a
 * namespace says the same, and waits; the cluster's own parts still see the metadata.
 */
export function refusingConversion(forms: VersionForms, { toServed, toStored }: Conversion): RemoteConversion {
  const shown = (cached: CachedObject): Served => {
    const { object } = cached
    if (!forms.has(object.apiVersion)) throw vanishedVersion(object.apiVersion)
    const served = toServed(object)
    return served === object ? cached : new ShownObject(served)
  }
  return {
    show: (objects) => objects.map(shown),
    showNow: shown,
    toStored,
    convert: (object: KubeObject, apiVersion: string) => forms.renamed(object, apiVersion),
  }
}
