import { isConditionTrue } from '../../objects/conditions.ts'
import { isObject, type JsonObject } from '../../objects/json.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { APIService } from '../../resources/generated/types.ts'
import { serviceUnavailable } from '../../words/status-error.ts'
import type { ObjectReader, User } from '../access.ts'
import type { ServerRequest, ServerResponse } from '../http.ts'
import { reachable } from './availability.ts'
import type { RemoteApi } from './remote-api.ts'

/** A group's version that another server answers for. */
export interface RemoteVersion {
  readonly group: string
  readonly version: string
  readonly groupPriority: number
  readonly versionPriority: number
  /** The resources of its APIResourceList as it told them last; undefined while it has not. */
  readonly resources: readonly JsonObject[] | undefined
}

/** What other servers serve through this one: APIServices with a service. */
export class AggregatedApis {
  readonly #reader: ObjectReader
  readonly #remote: RemoteApi
  readonly #resources = new Map<string, readonly JsonObject[]>()
  #learnt = 0

  constructor(reader: ObjectReader, remote: RemoteApi) {
    this.#reader = reader
    this.#remote = remote
  }

  /** Another text when what the others serve has changed. */
  get state(): string {
    return `${this.#learnt} ${this.services().map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).join(' ')}`
  }

  services(): readonly APIService[] {
    return this.#reader.list(kinds.APIService).filter(({ spec }) => spec?.service !== undefined)
  }

  find(group: string, version: string): APIService | undefined {
    const service = this.#reader.get(kinds.APIService, { namespace: '', name: `${version}.${group}` })
    return service?.spec?.service === undefined ? undefined : service
  }

  versions(): readonly RemoteVersion[] {
    return this.services().map(({ metadata, spec }) => ({
      group: spec?.group ?? '', version: spec?.version ?? '', groupPriority: spec?.groupPriorityMinimum ?? 0, versionPriority: spec?.versionPriority ?? 0,
      resources: this.#resources.get(metadata.name ?? ''),
    }))
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
    return this.#remote.forward(found.target, request, user)
  }

  /** Of GET /apis/GROUP/VERSION. */
  learn(name: string, document: JsonObject): void {
    const { resources } = document
    const learnt = Array.isArray(resources) ? resources.filter(isObject) : []
    const known = this.#resources.get(name)
    if (known !== undefined && JSON.stringify(known) === JSON.stringify(learnt)) return
    this.#resources.set(name, learnt)
    this.#learnt++
  }

  forget(name: string): void {
    if (this.#resources.delete(name)) this.#learnt++
  }
}
