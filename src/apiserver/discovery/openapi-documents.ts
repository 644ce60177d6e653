import { apiVersionOf } from '../../objects/kind.ts'
import type { SchemaLookup } from '../../objects/schema.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import type { ServerRequest, ServerResponse } from '../http.ts'
import { protobufOpenApiType, wantsProtobufOpenApi } from './accepted-discovery.ts'
import { acceptsGzip, type Gzip } from '../negotiate/gzip.ts'
import type { AggregatedApis, RemoteOpenApi } from '../aggregation/aggregated-apis.ts'
import { textOf } from '../../words/bytes.ts'
import { unknownPath } from '../request-info.ts'
import { noDescriptions } from './descriptions.ts'
import type { DescriptionSource } from './descriptions.ts'
import { DocumentCache, documentOf, jsonDocument, respond } from './document.ts'
import type { Document } from './document.ts'
import { OpenApiV3Writer, openApiV2 } from './openapi.ts'
import type { DocumentSource } from './openapi.ts'
import { jsonV2 } from './openapi-form.ts'
import { protobufV2 } from './openapi-protobuf.ts'

export interface OpenApiSupport {
  readonly descriptions: DescriptionSource
  /** Undefined: documents are kept and sent as they are. */
  readonly gzip: Gzip | undefined
}

/** A server without a disk and without anybody to save bytes for. */
export const plainOpenApi: OpenApiSupport = { descriptions: noDescriptions, gzip: undefined }

export interface OpenApiOptions extends OpenApiSupport {
  readonly definitions: () => readonly ResourceDefinition[]
  readonly schemas: SchemaLookup
  readonly gitVersion: string
  /** Other servers' documents; undefined: there are none. */
  readonly remote?: Pick<AggregatedApis, 'openApiState' | 'openApiPaths' | 'openApiAt' | 'forwardOpenApi' | 'specs'> | undefined
}

/** The path below /openapi/v3/ of a kind's document: apis/apps/v1. */
function openApiPath({ kind }: ResourceDefinition): string {
  return `${kind.group === '' ? 'api' : 'apis'}/${apiVersionOf(kind)}`
}

const OPENAPI_V3 = '/openapi/v3/'

interface Kept {
  readonly document: Document
  readonly zipped: boolean
}

/**
 * The documents about the shape of the API. All of them are a few megabytes, so one is made when it is first asked for, and kept
 * packed; nothing else of the making is kept.
 */
export class OpenApiDocuments {
  readonly #options: OpenApiOptions
  readonly #cache: DocumentCache<readonly ResourceDefinition[], Promise<Kept>>
  /** Which of others' documents those of 2.0 were made with. */
  #remoteState = 0

  constructor(options: OpenApiOptions) {
    this.#options = options
    this.#cache = new DocumentCache(options.definitions)
  }

  async v2(request: ServerRequest): Promise<ServerResponse> {
    const asProtobuf = wantsProtobufOpenApi(request.headers['accept'])
    this.#followRemote()
    return this.#respond(request, await this.#get(`v2 ${String(asProtobuf)}`, (source) => {
      return asProtobuf
        ? documentOf(openApiV2(source, protobufV2), protobufOpenApiType)
        : documentOf(openApiV2(source, jsonV2), 'application/json')
    }))
  }

  #followRemote(): void {
    const state = this.#options.remote?.openApiState ?? 0
    if (state === this.#remoteState) return
    this.#remoteState = state
    for (const name of ['v2 true', 'v2 false']) this.#cache.forget(name)
  }

  /** An address with the right hash may be kept for ever, because another content has another hash. */
  async v3(request: ServerRequest, hash: string | null): Promise<ServerResponse> {
    const path = this.v3Path(request.path) ?? ''
    const kept = await this.#v3Document(path, async (served) => new OpenApiV3Writer(await this.#source(served)))
    return this.#respond(request, kept, hash === hashOf(kept.document) ? { 'cache-control': 'public, immutable' } : {})
  }

  /** It names the hashes of all documents, so they are made now; others are answered while each is packed. */
  async v3Index(request: ServerRequest): Promise<ServerResponse> {
    const own = await this.#kept('v3', async (served) => {
      const shared = new OpenApiV3Writer(await this.#source(served))
      const paths: Record<string, { readonly serverRelativeURL: string }> = {}
      for (const path of groupVersions(served)) {
        // Other kinds may be served by now: then the next index replaces this one.
        const { document } = await this.#v3Document(path, async (now) =>
          (now === served ? shared : new OpenApiV3Writer(await this.#source(now))))
        paths[path] = { serverRelativeURL: `${OPENAPI_V3}${path}?hash=${hashOf(document)}` }
      }
      return { document: jsonDocument({ paths }), zipped: false }
    })
    return this.#respond(request, { ...own, document: withRemotePaths(own.document, this.#options.remote?.openApiPaths() ?? []) })
  }

  /** Documents of other servers; undefined for paths that they do not tell of. */
  remotePath(path: string): RemoteOpenApi | undefined {
    return path.startsWith(OPENAPI_V3) ? this.#options.remote?.openApiAt(path.slice(OPENAPI_V3.length).replace(/\/$/, '')) : undefined
  }

  async remoteV3(request: ServerRequest): Promise<ServerResponse> {
    const found = this.remotePath(request.path)
    if (found === undefined || this.#options.remote === undefined) throw unknownPath()
    if (found.made === undefined) return this.#options.remote.forwardOpenApi(found.path, request)
    return respond(request, jsonDocument(found.made), { vary: 'Accept, Accept-Encoding' })
  }

  /** /openapi/v3/apis/apps/v1 -> apis/apps/v1, where that is served. */
  v3Path(path: string): string | undefined {
    if (!path.startsWith(OPENAPI_V3)) return undefined
    const wanted = path.slice(OPENAPI_V3.length).replace(/\/$/, '')
    return this.#options.definitions().some((definition) => openApiPath(definition) === wanted) ? wanted : undefined
  }

  #v3Document(path: string, writer: (served: readonly ResourceDefinition[]) => Promise<OpenApiV3Writer>): Promise<Kept> {
    return this.#kept(`v3 ${path}`, async (served) => {
      const bytes = (await writer(served)).document(served.filter((definition) => openApiPath(definition) === path))
      return this.#pack(documentOf(bytes, 'application/json'))
    })
  }

  #get(name: string, make: (source: DocumentSource) => Document): Promise<Kept> {
    return this.#kept(name, async (served) => this.#pack(make(await this.#source(served))))
  }

  /** Who asks while it is being made waits for the same; what could not be made is made anew for the next. */
  async #kept(name: string, make: (served: readonly ResourceDefinition[]) => Promise<Kept>): Promise<Kept> {
    try {
      return await this.#cache.get(name, make)
    } catch (error) {
      this.#cache.forget(name)
      throw error
    }
  }

  async #source(served: readonly ResourceDefinition[]): Promise<DocumentSource> {
    const { descriptions, gitVersion, schemas } = this.#options
    return { served, lookup: schemas, descriptions: await descriptions(), gitVersion, remote: this.#options.remote?.specs() ?? [] }
  }

  async #pack(document: Document): Promise<Kept> {
    const { gzip } = this.#options
    if (gzip === undefined) return { document, zipped: false }
    return { document: { ...document, bytes: await gzip.zip(document.bytes) }, zipped: true }
  }

  async #respond(request: ServerRequest, { document, zipped }: Kept, more: Readonly<Record<string, string>> = {}): Promise<ServerResponse> {
    const vary = { vary: 'Accept, Accept-Encoding', ...more }
    const { gzip } = this.#options
    if (!zipped || gzip === undefined) return respond(request, document, vary)
    if (acceptsGzip(request.headers['accept-encoding'])) return respond(request, document, { ...vary, 'content-encoding': 'gzip' })
    return respond(request, { ...document, bytes: await gzip.unzip(document.bytes) }, vary)
  }
}

/** What is served here keeps its path. */
function withRemotePaths(own: Document, remote: readonly RemoteOpenApi[]): Document {
  if (remote.length === 0) return own
  const { paths } = JSON.parse(textOf(own.bytes)) as { paths: Record<string, object> }
  const others = remote.map(({ path, hash }) => [path, { serverRelativeURL: `${OPENAPI_V3}${path}?hash=${hash}` }] as const)
  return jsonDocument({ paths: { ...Object.fromEntries(others), ...paths } })
}

export function groupVersions(definitions: readonly ResourceDefinition[]): readonly string[] {
  return [...new Set(definitions.map(openApiPath))].sort()
}

function hashOf({ etag }: Document): string {
  return etag.slice(1, -1)
}
