import { isConditionTrue } from '../../objects/conditions.ts'
import { sameJson, type JsonObject } from '../../objects/json.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { APIService } from '../../resources/generated/types.ts'
import { serviceUnavailable } from '../../words/status-error.ts'
import type { ObjectReader, User } from '../access.ts'
import type { ServerRequest, ServerResponse } from '../http.ts'
import { reachable } from './availability.ts'
import type { RemoteApi } from './remote-api.ts'
import type { RemoteResource } from './remote-resources.ts'
import type { RemoteSpec } from './remote-spec.ts'

/** A group's version that another server answers for. */
export interface RemoteVersion {
  readonly group: string
  readonly version: string
  readonly groupPriority: number
  readonly versionPriority: number
  /** As it told them last; undefined while it has not. */
  readonly resources: readonly RemoteResource[] | undefined
  /** It does not answer now. */
  readonly isStale: boolean
}

/** The OpenAPI 3.0 document of a group's version: its own, or one that was made of what its OpenAPI 2.0 document says. */
export interface RemoteOpenApi {
  /** apis/GROUP/VERSION */
  readonly path: string
  readonly hash: string
  readonly made: JsonObject | undefined
}

/** What is known of the server behind one APIService. */
interface Knowledge {
  resources?: readonly RemoteResource[]
  isStale: boolean
  spec?: RemoteSpec | undefined
  openApi?: RemoteOpenApi | undefined
}

/** In whose name documents about the shape of an API are fetched for others. */
export const OPENAPI_USER: User = { name: 'system:aggregator', uid: '', groups: ['system:masters'], extra: {} }

/** What other servers serve through this one: APIServices with a service. */
export class AggregatedApis {
  readonly #reader: ObjectReader
  readonly #remote: RemoteApi
  readonly #known = new Map<string, Knowledge>()
  #learnt = 0
  #openApiLearnt = 0

  constructor(reader: ObjectReader, remote: RemoteApi) {
    this.#reader = reader
    this.#remote = remote
  }

  /** Another text when what the others serve has changed. */
  get state(): string {
    const priorities = this.services().map(({ metadata, spec }) => (
      `${metadata.name} ${spec?.groupPriorityMinimum} ${spec?.versionPriority}`
    ))
    return `${this.#learnt} ${priorities.join()}`
  }

  /** Another number when their OpenAPI documents have changed. */
  get openApiState(): number {
    return this.#openApiLearnt
  }

  services(): readonly APIService[] {
    return this.#reader.list(kinds.APIService).filter(({ spec }) => spec?.service !== undefined)
  }

  find(group: string, version: string): APIService | undefined {
    const service = this.#reader.get(kinds.APIService, { namespace: '', name: `${version}.${group}` })
    return service?.spec?.service === undefined ? undefined : service
  }

  versions(): readonly RemoteVersion[] {
    return this.services().map(({ metadata, spec }) => {
      const known = this.#known.get(metadata.name ?? '')
      return {
        group: spec?.group ?? '', version: spec?.version ?? '', groupPriority: spec?.groupPriorityMinimum ?? 0,
        versionPriority: spec?.versionPriority ?? 0,
        resources: known?.resources, isStale: known?.isStale ?? true,
      }
    })
  }

  /** Undefined: nobody else answers for this path. */
  answer(request: ServerRequest, user: User): Promise<ServerResponse> | undefined {
    const [, root, group = '', version = ''] = request.path.split('/')
    const service = root === 'apis' ? this.find(group, version) : undefined
    return service && this.forward(service, request, user)
  }

  /** Throws 503 where the other server was not found well, or does not answer. */
  async forward(service: APIService, request: ServerRequest, user: User): Promise<ServerResponse> {
    if (!isConditionTrue(service.status?.conditions, 'Available')) throw serviceUnavailable('service unavailable')
    const found = reachable(service, this.#reader)
    if (found.outcome === 'unavailable') throw serviceUnavailable(`service unavailable: ${found.message}`)
    if (!isUpgrade(request)) return this.#remote.forward(found.target, request, user)
    const path = request.query === '' ? request.path : `${request.path}?${request.query}`
    return { type: 'tunnel', target: { api: found.target, user, clientAddress: request.peer.address, path, method: request.method } }
  }

  /** Documents of OpenAPI 3.0, by their paths below /openapi/v3/. */
  openApiPaths(): readonly RemoteOpenApi[] {
    return this.services().flatMap(({ metadata }) => this.#known.get(metadata.name ?? '')?.openApi ?? [])
  }

  openApiAt(path: string): RemoteOpenApi | undefined {
    return this.openApiPaths().find((known) => known.path === path)
  }

  /** Fetched from the other server when somebody asks. */
  forwardOpenApi(path: string, request: ServerRequest): Promise<ServerResponse> {
    const [, group = '', version = ''] = path.split('/')
    const service = this.find(group, version)
    if (service === undefined) throw serviceUnavailable('service unavailable')
    return this.forward(service, withFewHeaders(request), OPENAPI_USER)
  }

  specs(): readonly RemoteSpec[] {
    return this.services().flatMap(({ metadata }) => this.#known.get(metadata.name ?? '')?.spec ?? [])
  }

  learnResources(name: string, resources: readonly RemoteResource[] | undefined): void {
    const known = this.#knowledgeOf(name)
    const isStale = resources === undefined
    const isSame = isStale || (known.resources !== undefined && sameJson(known.resources, resources))
    if (isSame && known.isStale === isStale) return
    this.#known.set(name, { ...known, isStale, ...(resources === undefined ? {} : { resources }) })
    this.#learnt++
  }

  learnOpenApi(name: string, learnt: Pick<Knowledge, 'spec' | 'openApi'>): void {
    this.#known.set(name, { ...this.#knowledgeOf(name), ...learnt })
    this.#openApiLearnt++
  }

  forget(name: string): void {
    if (!this.#known.delete(name)) return
    this.#learnt++
    this.#openApiLearnt++
  }

  #knowledgeOf(name: string): Knowledge {
    return this.#known.get(name) ?? { isStale: true }
  }
}

/** WebSocket, and SPDY as older clients speak it; other upgrades are not passed on. */
function isUpgrade({ headers }: ServerRequest): boolean {
  const protocol = headers['upgrade']?.toLowerCase()
  return protocol === 'websocket' || protocol === 'spdy/3.1'
}

const DOCUMENT_HEADERS = ['accept', 'accept-encoding', 'if-none-match', 'user-agent'] as const

function withFewHeaders(request: ServerRequest): ServerRequest {
  const headers = Object.fromEntries(DOCUMENT_HEADERS.map((name) => [name, request.headers[name]]))
  const { path, query, peer } = request
  return {
    method: 'GET', path, query, headers, peer, body: () => Promise.resolve(new Uint8Array()),
    get signal() {
      return request.signal
    },
  }
}
