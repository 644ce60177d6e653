import type { Client } from '../../client/client.ts'
import { sameJson } from '../../objects/json.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { APIService } from '../../resources/generated/types.ts'
import type { Clock, Log } from '../../words/ports.ts'
import { sleep } from '../../words/ports.ts'
import { isStatus } from '../../words/status-error.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { ObjectReader } from '../access.ts'
import { counter, gauge } from '../metrics/metric-family.ts'
import type { MetricFamily } from '../metrics/metric-family.ts'
import type { AggregatedApis } from './aggregated-apis.ts'
import { PASSED, reachable, withAvailability } from './availability.ts'
import type { Reachable } from './availability.ts'
import { isManaged, localApiServices } from './local-api-services.ts'
import type { RemoteApi, RemoteTarget } from './remote-api.ts'
import { probeOpenApi, probeResources } from './remote-probe.ts'
import type { OpenApiTags } from './remote-probe.ts'

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
/** Documents about the shape of their APIs are large, and change seldom. */
const OPENAPI_MS = 60_000

interface Checked {
  readonly spec: APIService['spec']
  /** Where its server was, or why it was nowhere. */
  readonly place: string
  readonly at: number
  readonly isAvailable: boolean
}

interface ReadOpenApi {
  readonly at: number
  readonly tags: OpenApiTags
}

/** What is told of servers that are not there. */
interface Unavailability {
  isNow: boolean
  readonly byReason: Map<string, number>
}

/** Keeps an APIService for everything that is served here, and finds out whether the others' servers are there. */
export class AggregationKeeper {
  readonly #parts: KeeperParts
  readonly #checked = new Map<string, Checked>()
  /** By the names of their APIServices: a server that does not answer holds up nobody but itself. */
  readonly #checks = new Map<string, Promise<void>>()
  readonly #openApi = new Map<string, ReadOpenApi>()
  readonly #unavailable = new Map<string, Unavailability>()
  #registered: readonly unknown[] | undefined

  constructor(parts: KeeperParts) {
    this.#parts = parts
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#begin()
      } catch (error) {
        this.#parts.log.warn('APIServices wait to be looked after', { why: thrownMessage(error) })
      }
      await sleep(this.#parts.clock, LOOK_MS, signal)
    }
  }

  /** Begins what is due, and resolves when all of it has ended. */
  async look(): Promise<void> {
    await this.#begin()
    await Promise.all(this.#checks.values())
  }

  families(): readonly MetricFamily[] {
    const all = [...this.#unavailable]
    return [
      gauge(
        'aggregator_unavailable_apiservice', 'Which APIServices are not available now.',
        all.map(([name, { isNow }]) => [{ name }, isNow ? 1 : 0] as const),
      ),
      counter('aggregator_unavailable_apiservice_total', 'How often APIServices were found unavailable, by reason.',
        all.flatMap(([name, { byReason }]) => Array.from(byReason, ([reason, count]) => [{ name, reason }, count] as const))),
    ]
  }

  async #begin(): Promise<void> {
    const served = this.#parts.served()
    if (served !== this.#registered) {
      await this.#register(served)
      this.#registered = served
    }
    const remote = this.#parts.apis.services()
    for (const name of this.#checked.keys()) if (!remote.some(({ metadata }) => metadata.name === name)) this.#forget(name)
    for (const service of remote) if (this.#isDue(service)) this.#beginCheck(service)
  }

  #beginCheck(service: APIService): void {
    const name = service.metadata.name ?? ''
    const check = this.#check(service).catch((error: unknown) => {
      this.#parts.log.warn('an APIService waits to be looked after', { name, why: thrownMessage(error) })
    })
    this.#checks.set(name, check.finally(() => this.#checks.delete(name)))
  }

  async #register(served: ReturnType<KeeperParts['served']>): Promise<void> {
    const { client, reader, builtIn } = this.#parts
    const wanted = localApiServices(served.map(({ kind }) => kind), builtIn)
    const names = new Set(wanted.map(({ metadata }) => metadata.name))
    const missing = wanted.filter(
      ({ metadata }) => reader.get(kinds.APIService, { namespace: '', name: metadata.name ?? '' }) === undefined,
    )
    await Promise.all(missing.map((service) => tolerating('AlreadyExists', client.create(kinds.APIService, service))))
    const gone = reader.list(kinds.APIService).filter((service) => isManaged(service) && !names.has(service.metadata.name))
    await Promise.all(
      gone.map(({ metadata }) => tolerating('NotFound', client.delete(kinds.APIService, { namespace: '', name: metadata.name ?? '' }))),
    )
  }

  #isDue(service: APIService): boolean {
    const name = service.metadata.name ?? ''
    if (this.#checks.has(name)) return false
    const last = this.#checked.get(name)
    if (last === undefined || !sameJson(last.spec, service.spec) || last.place !== placeOf(reachable(service, this.#parts.reader))) {
      return true
    }
    return this.#parts.clock.now() - last.at >= (last.isAvailable ? RECHECK_MS : RECHECK_FAILED_MS)
  }

  async #check(service: APIService): Promise<void> {
    const { client, clock, reader } = this.#parts
    const name = service.metadata.name ?? ''
    const found = reachable(service, reader)
    const told = await this.#ask(service, found)
    const isAvailable = told.status === 'True'
    this.#checked.set(name, { spec: service.spec, place: placeOf(found), at: clock.now(), isAvailable })
    this.#count(name, told)
    // It may have changed while its server was asked.
    const present = reader.get(kinds.APIService, { namespace: '', name })
    if (present === undefined || !sameJson(present.spec, service.spec)) return
    const next = withAvailability(present, told, clock.now())
    if (next !== present) {
      await tolerating('NotFound', tolerating('Conflict', client.update(kinds.APIService, next, { subresource: 'status' })))
    }
    if (isAvailable && found.outcome === 'target') await this.#readOpenApi(service, found.target)
  }

  async #ask(service: APIService, found: Reachable): Promise<typeof PASSED> {
    const { apis, remote } = this.#parts
    const name = service.metadata.name ?? ''
    if (found.outcome === 'unavailable') {
      apis.learnResources(name, undefined)
      return { status: 'False', reason: found.reason, message: found.message }
    }
    const groupVersion = groupVersionOf(service)
    try {
      apis.learnResources(name, await probeResources(remote, found.target, groupVersion))
      return PASSED
    } catch (error) {
      apis.learnResources(name, undefined)
      const url = `https://${found.target.host}:${found.target.port}/apis/${groupVersion.group}/${groupVersion.version}`
      return {
        status: 'False', reason: 'FailedDiscoveryCheck', message: `failing or missing response from ${url}: ${thrownMessage(error)}`,
      }
    }
  }

  /** What was known stays so where nothing better can be had. */
  async #readOpenApi(service: APIService, target: RemoteTarget): Promise<void> {
    const { apis, remote, clock, log } = this.#parts
    const name = service.metadata.name ?? ''
    const last = this.#openApi.get(name)
    if (last !== undefined && clock.now() - last.at < OPENAPI_MS) return
    this.#openApi.set(name, { at: clock.now(), tags: last?.tags ?? {} })
    try {
      const news = await probeOpenApi(remote, target, groupVersionOf(service), last?.tags ?? {})
      if (news === undefined) return
      this.#openApi.set(name, { at: clock.now(), tags: news.tags })
      apis.learnOpenApi(name, news)
    } catch (error) {
      log.info('the OpenAPI documents of an APIService could not be read', { name, why: thrownMessage(error) })
    }
  }

  #count(name: string, { status, reason = '' }: typeof PASSED): void {
    const known = this.#unavailable.get(name) ?? { isNow: false, byReason: new Map<string, number>() }
    const isNow = status !== 'True'
    // Counted when it becomes so, as upstream does.
    if (isNow && !known.isNow) known.byReason.set(reason, (known.byReason.get(reason) ?? 0) + 1)
    known.isNow = isNow
    this.#unavailable.set(name, known)
  }

  #forget(name: string): void {
    this.#checked.delete(name)
    this.#openApi.delete(name)
    this.#unavailable.delete(name)
    this.#parts.apis.forget(name)
  }
}

function groupVersionOf({ spec }: APIService): { readonly group: string; readonly version: string } {
  return { group: spec?.group ?? '', version: spec?.version ?? '' }
}

function placeOf(found: Reachable): string {
  return found.outcome === 'target' ? `${found.target.host}:${found.target.port}` : found.message
}

async function tolerating(reason: 'AlreadyExists' | 'NotFound' | 'Conflict', write: Promise<unknown>): Promise<void> {
  try {
    await write
  } catch (error) {
    if (!isStatus(error, reason)) throw error
  }
}
