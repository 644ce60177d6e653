import type { JsonObject } from '../../objects/json.ts'
import { isObject } from '../../objects/json.ts'
import { contentHash } from '../discovery/content-hash.ts'
import { upgradedSpec } from '../discovery/openapi-upgrade.ts'
import { utf8 } from '../../words/bytes.ts'
import type { RemoteOpenApi } from './aggregated-apis.ts'
import { OPENAPI_USER } from './aggregated-apis.ts'
import type { RemoteApi, RemoteDocument, RemoteTarget } from './remote-api.ts'
import { remoteResources } from './remote-resources.ts'
import type { RemoteResource } from './remote-resources.ts'
import { remoteSpec } from './remote-spec.ts'
import type { RemoteSpec } from './remote-spec.ts'

/** As upstream's availability controller says who asks. */
const PROBE_USER = 'system:kube-aggregator'
const TIMEOUT_MS = 5_000
const MAX_LIST_BYTES = 3 * 1024 * 1024
const MAX_OPENAPI_BYTES = 8 * 1024 * 1024

export interface GroupVersion {
  readonly group: string
  readonly version: string
}

/** Its APIResourceList; undefined where it answers with something else. Throws an Error that says what went wrong. */
export async function probeResources(
  remote: RemoteApi, target: RemoteTarget, { group, version }: GroupVersion,
): Promise<readonly RemoteResource[] | undefined> {
  const question = { path: `/apis/${group}/${version}`, user: PROBE_USER, timeoutMs: TIMEOUT_MS, maxBytes: MAX_LIST_BYTES }
  const answer = await remote.read(target, question)
  if (answer.outcome === 'absent') throw new Error(`bad status from https://${target.host}:${target.port}${question.path}: 404`)
  return answer.outcome === 'same' ? undefined : remoteResources(answer.document)
}

/** The tags of the documents of one server that were read last. */
export interface OpenApiTags {
  readonly index?: string
  readonly spec?: string
}

export interface OpenApiNews {
  readonly tags: OpenApiTags
  readonly spec: RemoteSpec | undefined
  readonly openApi: RemoteOpenApi | undefined
}

/** Undefined: as it was known. Throws an Error where a document cannot be had. */
export async function probeOpenApi(
  remote: RemoteApi, target: RemoteTarget, { group, version }: GroupVersion, known: OpenApiTags,
): Promise<OpenApiNews | undefined> {
  const read = (path: string, knownTag: string | undefined): Promise<RemoteDocument> =>
    remote.read(target, { path, user: OPENAPI_USER.name, timeoutMs: TIMEOUT_MS, maxBytes: MAX_OPENAPI_BYTES, knownTag })
  const both = await Promise.all([read('/openapi/v3', known.index), read('/openapi/v2', known.spec)])
  if (both.every(({ outcome }) => outcome === 'same')) return undefined
  // One of them has changed: what is made of both is made anew.
  const [index, document] = await Promise.all(
    both.map((answer, at) => (answer.outcome === 'same' ? read(at === 0 ? '/openapi/v3' : '/openapi/v2', undefined) : answer)),
  )
  const spec = document?.outcome === 'document' ? remoteSpec(document.document, group, version) : undefined
  const path = `apis/${group}/${version}`
  const hash = index?.outcome === 'document' ? hashAt(index.document, path) : undefined
  return {
    tags: {
      ...(index?.outcome === 'document' ? { index: index.tag } : {}),
      ...(document?.outcome === 'document' ? { spec: document.tag } : {}),
    },
    spec, openApi: hash === undefined ? madeOf(path, spec) : { path, hash, made: undefined },
  }
}

/** { paths: { "apis/a.b/v1": { serverRelativeURL: "/openapi/v3/apis/a.b/v1?hash=F00" } } } -> F00; undefined where the path is not listed. */
function hashAt({ paths }: JsonObject, path: string): string | undefined {
  const entry = isObject(paths) ? paths[path] : undefined
  const url = isObject(entry) ? entry['serverRelativeURL'] : undefined
  if (typeof url !== 'string') return undefined
  return /[?&]hash=([\w-]{1,128})(?:&|$)/.exec(url)?.[1] ?? contentHash(utf8(url))
}

/** A server that knows OpenAPI 2.0 only is explained too. */
function madeOf(path: string, spec: RemoteSpec | undefined): RemoteOpenApi | undefined {
  if (spec === undefined || Object.keys(spec.paths).length === 0) return undefined
  const made = upgradedSpec(spec)
  return { path, hash: contentHash(utf8(JSON.stringify(made))), made }
}
