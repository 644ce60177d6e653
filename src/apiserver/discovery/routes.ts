import type { SchemaLookup } from '../../objects/schema.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import type { ServerRequest, ServerResponse } from '../http.ts'
import type { PathCall, PathRoute } from '../route.ts'
import type { TokenKeySet } from '../access/token-claims.ts'
import { discoveryContentType, discoveryForm } from './accepted-discovery.ts'
import { aggregatedDiscovery, apiGroup, apiGroupList, apiResourceList, apiVersions } from './api-lists.ts'
import { DocumentCache, jsonDocument, lined, linedDocument, respond } from './document.ts'
import type { Document } from './document.ts'
import { wantsLines } from '../negotiate/human-reader.ts'
import { healthRoute } from './health.ts'
import type { HealthCheck, HealthObserver } from './health.ts'
import { issuerMetadata, keySetDocument } from './issuer.ts'
import { OpenApiDocuments, groupVersions } from './openapi-documents.ts'
import type { OpenApiSupport } from './openapi-documents.ts'
import type { AggregatedApis } from '../aggregation/aggregated-apis.ts'
import { servedGroups, withRemoteGroups } from './served-groups.ts'
import type { ServedGroup, ServedVersion } from './served-groups.ts'
import type { VersionInfo } from './version.ts'

export interface DiscoveryOptions {
  /** What is served now; another array when that changes. */
  readonly definitions: () => readonly ResourceDefinition[]
  /** What objects of a kind that is served are stored as. */
  readonly storedKind: (kind: KindRef) => KindRef
  readonly schemas: SchemaLookup
  readonly version: VersionInfo
  readonly checks: () => readonly HealthCheck[]
  readonly healthObserver: HealthObserver
  /** host:port of the API server, as clients reach it. */
  readonly serverAddress: string
  readonly issuer: string
  readonly keySet: TokenKeySet
  readonly openApi: OpenApiSupport
  /** What other servers serve through this one; undefined: there are none. */
  readonly remote?: AggregatedApis | undefined
}

/** Everything that tells clients what this server is and serves. Documents are made on first use and kept as bytes. */
export function discoveryRoutes(options: DiscoveryOptions): readonly PathRoute[] {
  const documents = new Documents(options)
  const openApi = new OpenApiDocuments({ ...options, ...options.openApi, gitVersion: options.version.gitVersion })
  const fixed: readonly [string, () => Document][] = [
    ['/version', () => documents.once('version', () => linedDocument(options.version))],
    ['/', () => documents.paths()],
  ]
  const issuer: readonly [string, () => Document][] = [
    ['/.well-known/openid-configuration', () => documents.once('issuer', () =>
      jsonDocument(issuerMetadata(options.issuer, `https://${options.serverAddress}/openid/v1/jwks`)))],
    ['/openid/v1/jwks', () => documents.once('keys', () => jsonDocument(keySetDocument(options.keySet), 'application/jwk-set+json'))],
  ]
  return [
    ...fixed.map(
      ([path, make]) => route((candidate) => candidate === path || candidate === `${path}/`, ({ request }) => respond(request, make())),
    ),
    // The same for everybody, and gone through by proxies of those who check our tokens.
    ...issuer.map(([path, make]) => route(
      (candidate) => candidate === path, ({ request }) => respond(request, make(), { 'cache-control': 'public, max-age=3600' }),
    )),
    laterRoute((path) => path === '/openapi/v2', ({ request }) => openApi.v2(request)),
    laterRoute((path) => path === '/openapi/v3' || path === '/openapi/v3/', ({ request }) => openApi.v3Index(request)),
    laterRoute((path) => openApi.v3Path(path) !== undefined, ({ request, query }) => openApi.v3(request, query.get('hash'))),
    laterRoute((path) => openApi.remotePath(path) !== undefined, ({ request }) => openApi.remoteV3(request)),
    route((path) => documents.discoveryPath(path) !== undefined, ({ request, query }) => {
      const document = documents.discovery(request)
      return respond(request, wantsLines(request, query) ? lined(document) : document)
    }),
    healthRoute(options.checks, options.healthObserver),
  ]
}

function route(matches: (path: string) => boolean, answer: (call: PathCall) => ServerResponse): PathRoute {
  return laterRoute(matches, (call) => Promise.resolve(answer(call)))
}

function laterRoute(matches: (path: string) => boolean, handle: (call: PathCall) => Promise<ServerResponse>): PathRoute {
  return { type: 'path', methods: ['GET', 'HEAD'], matches, handle }
}

interface Served {
  readonly group: ServedGroup
  readonly version: ServedVersion | undefined
}

/** All that is served, as it was at some moment. */
interface Source {
  readonly definitions: readonly ResourceDefinition[]
  readonly remoteState: string
  readonly groups: readonly ServedGroup[]
}

class Documents {
  readonly #options: DiscoveryOptions
  readonly #cache: DocumentCache<Source>
  #source: Source | undefined

  constructor(options: DiscoveryOptions) {
    this.#options = options
    this.#cache = new DocumentCache(() => this.#current())
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
      if (target.version === undefined) return jsonDocument(apiGroup(target.group))
      return jsonDocument(apiResourceList(target.group.group, target.version, this.#options.storedKind))
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

  paths(): Document {
    return this.#cache.get('paths', ({ definitions }) => {
      const served = groupVersions(definitions).flatMap(
        (path) => [`/${path}`, ...(path.startsWith('apis/') ? [`/${path.slice(0, path.lastIndexOf('/'))}`] : [])],
      )
      const others = this.#servedGroups().flatMap(({ group, versions }) => (
        versions.filter(({ remote }) => remote !== undefined).flatMap(({ version }) => [`/apis/${group}`, `/apis/${group}/${version}`])
      ))
      const fixed = [
        '/.well-known/openid-configuration', '/api', '/apis', '/healthz', '/livez', '/metrics', '/metrics/slis', '/openapi/v2',
        '/openapi/v3', '/openid/v1/jwks', '/readyz', '/version',
      ]
      return linedDocument({ paths: [...new Set([...fixed, ...served, ...others])].sort() })
    })
  }

  #served(group: string, version: string | undefined): Served | undefined {
    const found = this.#servedGroups().find((candidate) => candidate.group === group)
    if (found === undefined) return undefined
    if (version === undefined) return { group: found, version: undefined }
    const ofVersion = found.versions.find((candidate) => candidate.version === version)
    // What another server serves, it tells itself.
    return ofVersion === undefined || ofVersion.remote !== undefined ? undefined : { group: found, version: ofVersion }
  }

  #servedGroups(): readonly ServedGroup[] {
    return this.#current().groups
  }

  /** The same object until what is served changes. */
  #current(): Source {
    const definitions = this.#options.definitions()
    const remoteState = this.#options.remote?.state ?? ''
    if (this.#source?.definitions !== definitions || this.#source.remoteState !== remoteState) {
      this.#source = {
        definitions, remoteState, groups: withRemoteGroups(servedGroups(definitions), this.#options.remote?.versions() ?? []),
      }
    }
    return this.#source
  }
}
