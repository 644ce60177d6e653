import type { SchemaLookup } from '../../objects/schema.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import type { ServerRequest, ServerResponse } from '../http.ts'
import type { PathCall, PathRoute } from '../route.ts'
import type { TokenKeySet } from '../access/token-claims.ts'
import { discoveryContentType, discoveryForm, protobufOpenApiType, wantsProtobufOpenApi } from './accepted-discovery.ts'
import { aggregatedDiscovery, apiGroup, apiGroupList, apiResourceList, apiVersions } from './api-lists.ts'
import { DocumentCache, documentOf, jsonDocument, respond } from './document.ts'
import type { Document } from './document.ts'
import { healthRoute } from './health.ts'
import type { HealthCheck } from './health.ts'
import { issuerMetadata, keySetDocument } from './issuer.ts'
import { openApiV2, openApiV3 } from './openapi.ts'
import { encodeOpenApiV2 } from './openapi-protobuf.ts'
import { servedGroups } from './served-groups.ts'
import type { ServedGroup, ServedVersion } from './served-groups.ts'
import type { VersionInfo } from './version.ts'
import { apiVersionOf } from '../../objects/kind.ts'

export interface DiscoveryOptions {
  /** What is served now; another array when that changes. */
  readonly definitions: () => readonly ResourceDefinition[]
  readonly schemas: SchemaLookup
  readonly version: VersionInfo
  readonly checks: readonly HealthCheck[]
  readonly reportUnhealthy: (check: string, why: string) => void
  /** host:port of the API server, as clients reach it. */
  readonly serverAddress: string
  readonly issuer: string
  readonly keySet: TokenKeySet
}

/** Everything that tells clients what this server is and serves. Documents are made on first use and kept as bytes. */
export function discoveryRoutes(options: DiscoveryOptions): readonly PathRoute[] {
  const documents = new Documents(options)
  const fixed: readonly [string, () => Document][] = [
    ['/version', () => documents.once('version', () => jsonDocument(options.version))],
    ['/', () => documents.paths()],
    ['/openapi/v3', () => documents.openApiV3Index()],
    ['/.well-known/openid-configuration', () => documents.once('issuer', () =>
      jsonDocument(issuerMetadata(options.issuer, `https://${options.serverAddress}/openid/v1/jwks`)))],
    ['/openid/v1/jwks', () => documents.once('keys', () => jsonDocument(keySetDocument(options.keySet), 'application/jwk-set+json'))],
  ]
  return [
    ...fixed.map(([path, make]) => route((candidate) => candidate === path || candidate === `${path}/`, ({ request }) => respond(request, make()))),
    route((path) => path === '/openapi/v2', ({ request }) => respond(request, documents.openApiV2(wantsProtobufOpenApi(request.headers['accept'])))),
    route((path) => documents.openApiV3Path(path) !== undefined, (call) => openApiV3Response(documents, call)),
    route((path) => documents.discoveryPath(path) !== undefined, ({ request }) => respond(request, documents.discovery(request))),
    healthRoute(options.checks, options.reportUnhealthy),
  ]
}

function route(matches: (path: string) => boolean, answer: (call: PathCall) => ServerResponse): PathRoute {
  return { type: 'path', methods: ['GET', 'HEAD'], matches, handle: (call) => Promise.resolve(answer(call)) }
}

/** An address with the right hash may be kept for ever, because another content has another hash. */
function openApiV3Response(documents: Documents, { request, query }: PathCall): ServerResponse {
  const document = documents.openApiV3(documents.openApiV3Path(request.path) ?? '')
  const current = query.get('hash') === document.etag.slice(1, -1)
  return respond(request, document, current ? { 'cache-control': 'public, immutable' } : {})
}

const OPENAPI_V3 = '/openapi/v3/'

interface Served {
  readonly group: ServedGroup
  readonly version: ServedVersion | undefined
}

class Documents {
  readonly #options: DiscoveryOptions
  readonly #cache: DocumentCache<readonly ResourceDefinition[]>
  #groups: { readonly madeFrom: readonly ResourceDefinition[]; readonly groups: readonly ServedGroup[] } | undefined

  constructor(options: DiscoveryOptions) {
    this.#options = options
    this.#cache = new DocumentCache(options.definitions)
  }

  once(name: string, make: () => Document): Document {
    return this.#cache.get(name, make)
  }

  /** /api, /apis, /api/v1, /apis/GROUP, /apis/GROUP/VERSION; undefined for others and for groups that are not served. */
  discoveryPath(path: string): Served | 'core' | 'groups' | undefined {
    const [root, first, second, ...rest] = path.replace(/\/$/, '').slice(1).split('/')
    if (rest.length > 0 || (root !== 'api' && root !== 'apis')) return undefined
    if (first === undefined) return root === 'api' ? 'core' : 'groups'
    if (root === 'api') return second === undefined ? this.#served('', first) : undefined
    return this.#served(first, second)
  }

  discovery(request: ServerRequest): Document {
    const path = request.path.replace(/\/$/, '')
    const target = this.discoveryPath(path)
    if (target === 'core' || target === 'groups') return this.#root(target, request)
    return this.#cache.get(path, () => {
      if (target === undefined) throw new Error(`no discovery document at ${path}`)
      return jsonDocument(target.version === undefined ? apiGroup(target.group) : apiResourceList(target.group.group, target.version))
    })
  }

  #root(target: 'core' | 'groups', request: ServerRequest): Document {
    const form = discoveryForm(request.headers['accept'])
    return this.#cache.get(`${target} ${form}`, () => {
      const groups = this.#servedGroups()
      if (form === 'list') return jsonDocument(target === 'core' ? apiVersions(this.#options.serverAddress) : apiGroupList(groups))
      const shown = groups.filter(({ group }) => (group === '') === (target === 'core'))
      return jsonDocument(aggregatedDiscovery(form, shown), discoveryContentType(form))
    })
  }

  openApiV2(asProtobuf: boolean): Document {
    return this.#cache.get(`openapi v2 ${String(asProtobuf)}`, (definitions) => {
      const document = openApiV2(definitions, this.#options.schemas, this.#options.version.gitVersion)
      return asProtobuf ? documentOf(encodeOpenApiV2(document), protobufOpenApiType) : jsonDocument(document)
    })
  }

  openApiV3Index(): Document {
    return this.#cache.get('openapi v3', (definitions) => {
      const paths = this.#groupVersions(definitions).map((path) => {
        const hash = this.openApiV3(path).etag.slice(1, -1)
        return [path, { serverRelativeURL: `${OPENAPI_V3}${path}?hash=${hash}` }] as const
      })
      return jsonDocument({ paths: Object.fromEntries(paths) })
    })
  }

  /** /openapi/v3/apis/apps/v1 -> apis/apps/v1, where that is served. */
  openApiV3Path(path: string): string | undefined {
    if (!path.startsWith(OPENAPI_V3)) return undefined
    const wanted = path.slice(OPENAPI_V3.length).replace(/\/$/, '')
    return this.#groupVersions(this.#options.definitions()).includes(wanted) ? wanted : undefined
  }

  openApiV3(path: string): Document {
    return this.#cache.get(`openapi v3 ${path}`, (definitions) => {
      const ofVersion = definitions.filter((definition) => openApiPath(definition) === path)
      return jsonDocument(openApiV3(ofVersion, this.#options.schemas, this.#options.version.gitVersion))
    })
  }

  paths(): Document {
    return this.#cache.get('paths', (definitions) => {
      const served = this.#groupVersions(definitions).flatMap((path) => [`/${path}`, ...(path.startsWith('apis/') ? [`/${path.slice(0, path.lastIndexOf('/'))}`] : [])])
      const fixed = ['/.well-known/openid-configuration', '/api', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/openid/v1/jwks', '/readyz', '/version']
      return jsonDocument({ paths: [...new Set([...fixed, ...served])].sort() })
    })
  }

  #groupVersions(definitions: readonly ResourceDefinition[]): readonly string[] {
    return [...new Set(definitions.map(openApiPath))].sort()
  }

  #served(group: string, version: string | undefined): Served | undefined {
    const found = this.#servedGroups().find((candidate) => candidate.group === group)
    if (found === undefined) return undefined
    if (version === undefined) return { group: found, version: undefined }
    const ofVersion = found.versions.find((candidate) => candidate.version === version)
    return ofVersion === undefined ? undefined : { group: found, version: ofVersion }
  }

  #servedGroups(): readonly ServedGroup[] {
    const definitions = this.#options.definitions()
    if (this.#groups?.madeFrom !== definitions) this.#groups = { madeFrom: definitions, groups: servedGroups(definitions) }
    return this.#groups.groups
  }
}

function openApiPath({ kind }: ResourceDefinition): string {
  return `${kind.group === '' ? 'api' : 'apis'}/${apiVersionOf(kind)}`
}
