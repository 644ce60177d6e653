import type { Client } from '../../client/client.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { APIService } from '../../resources/generated/types.ts'
import type { Clock, Log } from '../../words/ports.ts'
import { sleep } from '../../words/ports.ts'
import { isStatus } from '../../words/status-error.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { ObjectReader } from '../access.ts'
import type { AggregatedApis } from './aggregated-apis.ts'
import { PASSED, reachable, withAvailability } from './availability.ts'
import { isManaged, localApiServices } from './local-api-services.ts'
import type { RemoteApi } from './remote-api.ts'

export interface KeeperParts {
  readonly apis: AggregatedApis
  readonly remote: RemoteApi
  readonly reader: ObjectReader
  readonly client: Client
  readonly clock: Clock
  readonly log: Log
  /** Groups and versions that this server serves now; another array when that changes. */
  served(): readonly { readonly kind: { readonly group: string; readonly version: string } }[]
  /** apiVersions that it serves in any case. */
  readonly builtIn: ReadonlySet<string>
}

/** How often the state of things is compared with what it should be. A look costs next to nothing where nothing has changed. */
const LOOK_MS = 1_000
const RECHECK_MS = 30_000
const RECHECK_FAILED_MS = 5_000
const PROBE_TIMEOUT_MS = 5_000

interface Checked {
  readonly service: APIService
  readonly at: number
  readonly isAvailable: boolean
}

/** Keeps an APIService for everything that is served here, and finds out whether the others' servers are there. */
export class AggregationKeeper {
  readonly #parts: KeeperParts
  readonly #checked = new Map<string, Checked>()
  #registered: readonly unknown[] | undefined

  constructor(parts: KeeperParts) {
    this.#parts = parts
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.look()
      } catch (error) {
        this.#parts.log.warn('APIServices wait to be looked after', { why: thrownMessage(error) })
      }
      await sleep(this.#parts.clock, LOOK_MS, signal)
    }
  }

  async look(): Promise<void> {
    const served = this.#parts.served()
    if (served !== this.#registered) {
      await this.#register(served)
      this.#registered = served
    }
    const remote = this.#parts.apis.services()
    for (const name of this.#checked.keys()) if (!remote.some(({ metadata }) => metadata.name === name)) this.#forget(name)
    await Promise.all(remote.filter((service) => this.#isDue(service)).map((service) => this.#check(service)))
  }

  async #register(served: ReturnType<KeeperParts['served']>): Promise<void> {
    const { client, reader, builtIn } = this.#parts
    const wanted = localApiServices(served.map(({ kind }) => kind), builtIn)
    const names = new Set(wanted.map(({ metadata }) => metadata.name))
    const missing = wanted.filter(({ metadata }) => reader.get(kinds.APIService, { namespace: '', name: metadata.name ?? '' }) === undefined)
    await Promise.all(missing.map((service) => tolerating('AlreadyExists', client.create(kinds.APIService, service))))
    const gone = reader.list(kinds.APIService).filter((service) => isManaged(service) && !names.has(service.metadata.name))
    await Promise.all(gone.map(({ metadata }) => tolerating('NotFound', client.delete(kinds.APIService, { namespace: '', name: metadata.name ?? '' }))))
  }

  #isDue(service: APIService): boolean {
    const last = this.#checked.get(service.metadata.name ?? '')
    if (last === undefined || last.service.spec !== service.spec) return true
    return this.#parts.clock.now() - last.at >= (last.isAvailable ? RECHECK_MS : RECHECK_FAILED_MS)
  }

  async #check(service: APIService): Promise<void> {
    const { apis, client, clock } = this.#parts
    const name = service.metadata.name ?? ''
    const told = await this.#ask(service)
    const isAvailable = told.status === 'True'
    this.#checked.set(name, { service, at: clock.now(), isAvailable })
    if (!isAvailable) apis.forget(name)
    const next = withAvailability(service, told, clock.now())
    if (next !== service) await tolerating('NotFound', tolerating('Conflict', client.update(kinds.APIService, next, { subresource: 'status' })))
  }

  async #ask(service: APIService): Promise<typeof PASSED> {
    const { apis, remote, reader } = this.#parts
    const found = reachable(service, reader)
    if (found.outcome === 'unavailable') return { status: 'False', reason: found.reason, message: found.message }
    const { group = '', version = '' } = service.spec ?? {}
    try {
      apis.learn(service.metadata.name ?? '', await remote.read(found.target, `/apis/${group}/${version}`, PROBE_TIMEOUT_MS))
      return PASSED
    } catch (error) {
      const url = `https://${found.target.host}:${found.target.port}/apis/${group}/${version}`
      return { status: 'False', reason: 'FailedDiscoveryCheck', message: `failing or missing response from ${url}: ${thrownMessage(error)}` }
    }
  }

  #forget(name: string): void {
    this.#checked.delete(name)
    this.#parts.apis.forget(name)
  }
}

async function tolerating(reason: 'AlreadyExists' | 'NotFound' | 'Conflict', write: Promise<unknown>): Promise<void> {
  try {
    await write
  } catch (error) {
    if (!isStatus(error, reason)) throw error
  }
}
