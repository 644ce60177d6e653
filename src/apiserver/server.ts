import type { Client } from '../client/client.ts'
import type { JsonObject } from '../objects/json.ts'
import type { KindRef } from '../objects/kind.ts'
import { FieldSetPool } from '../objects/apply/field-set-pool.ts'
import type { ObjectSchema, SchemaLookup } from '../objects/schema.ts'
import type { ResourceDefinition } from '../resources/definition.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { Store } from '../store/store.ts'
import { present } from '../words/assert.ts'
import type { Clock, Log, Random } from '../words/ports.ts'
import type {
  AuditNotes, Authenticator, Authorizer, ConvertingReader, Mutator, ObjectReader, RequestInfo, User, Validator,
} from './access.ts'
import { internalUsers } from './access/internal-users.ts'
import { FollowedPodsOfNodes, type PodsOfNodes } from './access/pods-of-nodes.ts'
import { ConversionMetrics } from './custom-resources/conversion-metrics.ts'
import type { ConversionParts } from './custom-resources/conversion-webhook.ts'
import { CustomResources } from './custom-resources/custom-resources.ts'
import { DefinitionKeeper } from './custom-resources/definition-keeper.ts'
import type { DispatchParts } from './front/dispatch.ts'
import type { AuditConfig } from './audit/auditor.ts'
import { AuditedClient } from './audit/audited-client.ts'
import { Auditor } from './audit/auditor.ts'
import { createHandler } from './front/handler.ts'
import { FlowGate } from './front/flow-gate.ts'
import { routeTable } from './front/route-table.ts'
import type { RouteTable } from './front/route-table.ts'
import { Watches } from './front/watches.ts'
import { FlowControl } from './flow-control/flow-control.ts'
import { DanglingKeeper } from './flow-control/dangling-keeper.ts'
import type { DanglingParts } from './flow-control/dangling-keeper.ts'
import { flowDumpRoute } from './flow-control/flow-dumps.ts'
import { flowObjects, followFlowObjects } from './flow-control/follow-flow-objects.ts'
import type { Handler } from './http.ts'
import type { Gzip } from './negotiate/gzip.ts'
import { auditFamilies } from './metrics/audit-metrics.ts'
import { AdmissionMetrics } from './metrics/admission-metrics.ts'
import type { HostCalls } from './metrics/client-calls.ts'
import { MeasuredClient } from './metrics/measured-client.ts'
import { measuredStore } from './metrics/measured-store.ts'
import type { MetricSource } from './metrics/metric-family.ts'
import { metricsRoute } from './metrics/metrics-route.ts'
import { RequestMetrics } from './metrics/request-metrics.ts'
import { serverSource } from './metrics/server-metrics.ts'
import { InProcessClient } from './in-process-client.ts'
import type { InProcessParts } from './in-process-client.ts'
import { cacheReader, convertingReader } from './object-reader.ts'
import type { Bookkeeper } from './charge.ts'
import { Admission } from './pipeline/admission.ts'
import { ChargeLane } from './pipeline/charge-lane.ts'
import { bodySchema, decodeObject, schemaOf } from './pipeline/schema-stage.ts'
import type { DecodedObject } from './pipeline/schema-stage.ts'
import { RetryLane } from './pipeline/retry-lane.ts'
import { facetId } from './pipeline/write-request.ts'
import { ProtobufEncoder } from './protobuf/encode-object.ts'
import { ProtobufDecoder } from './protobuf/decode-object.ts'
import { ResourceSet } from './resource-set.ts'
import type { Conversion, Equivalent } from './resource-set.ts'
import type { Elsewhere, Route, WriteObserver } from './route.ts'
import { CacheFeed } from './watch-cache/cache-feed.ts'
import { noWebhooks } from './webhooks/webhook-caller.ts'
import type { WebhookCaller } from './webhooks/webhook-caller.ts'

export interface ApiServerLimits {
  readonly bodyBytes: number
  /** Together the seats that flow control shares out among the priority levels. */
  readonly readsInFlight: number
  readonly writesInFlight: number
  readonly watchers: number
  readonly requestTimeoutMs: number
  /** A watcher that has not taken this many bytes is ended. */
  readonly watchBacklogBytes: number
  readonly bookmarkEveryMs: number
}

export interface ApiServerDependencies {
  readonly store: Store
  /** Whether other processes write to the store too: consistent reads then ask it for its latest revision. */
  readonly storeIsShared: boolean
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly definitions: readonly ResourceDefinition[]
  readonly conversions: readonly Conversion[]
  readonly schemas: SchemaLookup
  readonly limits: ApiServerLimits
  /** What is written down of requests, and where to; absent: nothing. */
  readonly audit?: AuditConfig | undefined
  /** Counts what the server's own parts ask of it; absent: nobody counts. */
  readonly ownCalls?: HostCalls | undefined
  /** In tests: a mutation of a shared object throws. */
  readonly freezeObjects: boolean
  /** Builds what decides about requests, from the caches that it needs for that. */
  extend(core: ApiServerCore): ApiServerExtensions
}

/** What the extensions may use; the caches are empty until start has resolved. */
export interface ApiServerCore {
  readonly reader: ObjectReader
  client(user: User): Client
  /** Why the caches do not follow the store now; undefined while they do. */
  storeProblem(): string | undefined
  cachesFilled(): boolean
  /** The server is about to end. */
  isDraining(): boolean
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly definitions: readonly ResourceDefinition[]
  /** What is served now, custom resources too: another array when that changes. */
  served(): readonly ResourceDefinition[]
  /** What objects of a kind that is served are stored as. */
  storedKind(kind: KindRef): KindRef
  /** The same objects as other groups and versions serve them. */
  equivalents(kind: KindRef): readonly Equivalent[]
  readonly converting: ConvertingReader
  readonly podsOfNodes: PodsOfNodes
  /** What a stranger made of an object, as one of that kind, with its defaults. Throws StatusError 400 where it cannot be one. */
  decode(kind: KindRef, object: JsonObject): DecodedObject
  /** How such an object of the kind, or the body of one of its subresources, is merged; undefined: it is not served. */
  schemaOf(kind: KindRef, object: JsonObject): ObjectSchema | undefined
  readonly schemas: SchemaLookup
}

export interface ApiServerExtensions {
  /** Asked in this order; the first that knows the credentials decides. Nobody knows them: system:anonymous. */
  readonly authenticators: readonly Authenticator[]
  readonly authorizer: Authorizer
  readonly mutators: readonly Mutator[]
  /** After the mutators, and once only: what the server itself gives to objects, such as addresses. */
  readonly completers?: readonly Mutator[]
  readonly validators: readonly Validator[]
  readonly observers: readonly WriteObserver[]
  /** Undefined: no object keeps account of others. */
  readonly bookkeeper: Bookkeeper | undefined
  readonly routes: readonly Route[]
  /** Other servers behind this one; undefined: there are none. */
  readonly elsewhere?: Elsewhere
  /** What packs long answers; undefined: they are sent as they are. */
  readonly gzip?: Gzip | undefined
  /** Who asks conversion webhooks; undefined: nobody can. */
  readonly webhooks?: WebhookCaller
  /** What they count. */
  readonly metrics?: readonly MetricSource[]
  /** Go on from the start of the server until the signal aborts. They never reject. */
  readonly tasks?: readonly ((signal: AbortSignal) => Promise<void>)[]
}

const CRD = kinds.CustomResourceDefinition

export interface ApiServer {
  readonly handle: Handler
  readonly reader: ObjectReader
  /** The API for the cluster's own parts: authorized as that user, no bytes on the way. */
  client(user: User): Client
  /** What is served now, custom resources too: another array when that changes. */
  served(): readonly ResourceDefinition[]
  /** Before the end: says that it is not ready, and ends all watches whole, so that their clients go on elsewhere from where they are. */
  drain(): void
  /** Counted elsewhere in the process, and shown by /metrics too. */
  addMetrics(source: MetricSource): void
  /** Fills the caches and follows the store until the signal aborts. Requests before that get 503. */
  start(signal: AbortSignal): Promise<void>
}

export const defaultLimits: ApiServerLimits = {
  bodyBytes: 3 * 1024 * 1024,
  readsInFlight: 400,
  writesInFlight: 400,
  watchers: 20_000,
  requestTimeoutMs: 60_000,
  watchBacklogBytes: 16 * 1024 * 1024,
  bookmarkEveryMs: 60_000,
}

/** Composes the server: caches, pipeline, HTTP front. Does nothing until start. */
export function createApiServer(dependencies: ApiServerDependencies): ApiServer {
  const { clock, random, log, schemas, definitions, limits } = dependencies
  const { store, families: storeFamilies } = measuredStore(dependencies.store, clock)
  const sets = new FieldSetPool()
  const feed = new CacheFeed({ ...dependencies, store, sets })
  const resources = resourceSet(feed, dependencies)
  const reader = cacheReader(resources)
  const life = new AbortController()
  let inProcess: InProcessParts | undefined
  let auditor: Auditor | undefined
  const client = (user: User): Client => clientFor(user, {
    late: () => present(inProcess, 'the composed server'), signal: life.signal, authorizer: () => extensions.authorizer,
    auditor: dependencies.audit && (() => present(auditor, 'the auditor')), ownCalls: dependencies.ownCalls,
  })

  const watches = new Watches({ feed, clock, random, log, limits })
  const extensions = dependencies.extend({
    reader, podsOfNodes: new FollowedPodsOfNodes(() => resources.of(kinds.Pod).cache), client, clock, random, log, definitions, schemas,
    storeProblem: () => feed.problem, cachesFilled: () => feed.ready, isDraining: () => watches.isDraining,
    served: () => resources.definitions(), storedKind: (kind) => resources.of(kind).storedKind, converting: convertingReader(resources),
    equivalents: (kind) => resources.equivalents(kind), decode: (kind, object) => decodeObject({ schemas }, resources.of(kind), object),
    schemaOf: (kind, object) => schemaOfKind(resources, schemas, kind, object),
  })
  const gate = new FlowGate(clock, limits, new FlowControl(limits.readsInFlight + limits.writesInFlight, clock.now()))
  const metrics = new RequestMetrics({ isKnown: (info) => isServed(resources, routes, info) })
  const admissionMetrics = new AdmissionMetrics(clock)
  const sources: MetricSource[] = [
    () => metrics.families(), () => admissionMetrics.families(), serverSource({ gate, resources }), storeFamilies,
    ...(extensions.metrics ?? []), () => (auditor === undefined ? [] : auditFamilies(auditor)),
  ]
  const routes = routeTable([...extensions.routes, metricsRoute('/metrics', () => sources), flowDumpRoute(gate.control)])
  const dispatch: DispatchParts = {
    store, feed, resources, schemas, clock, random, log, reader, routes, facets: routes.facets, bodyBytes: limits.bodyBytes,
    protobuf: new ProtobufDecoder(schemas), authorizer: extensions.authorizer,
    admission: new Admission({ ...extensions, reader, metrics: admissionMetrics }), lane: new RetryLane(), sets,
    charges: new ChargeLane({ store, feed, sets, resources, bookkeeper: extensions.bookkeeper }), watches, elsewhere: extensions.elsewhere,
  }
  const { authorizer, gzip } = extensions
  inProcess = { dispatch, authorizer, log, signal: life.signal, ownCalls: dependencies.ownCalls }
  auditor = auditorOf(dependencies, dispatch)
  return {
    handle: createHandler({ ...extensions, ...dispatch, gate, metrics, auditor, gzip, encoder: new ProtobufEncoder(schemas) }),
    reader, client,
    served: () => resources.definitions(),
    drain: () => watches.drain(),
    addMetrics(source) {
      sources.push(source)
    },
    async start(signal) {
      signal.addEventListener('abort', () => life.abort(), { once: true })
      await feed.start(signal)
      gate.keepAdjusting(signal)
      keepFlowObjects({ gate, resources, reader, clock, log, client: client(internalUsers.apiServer), signal })
      serveCustomResources({
        feed, resources, schemas, caller: extensions.webhooks ?? noWebhooks, reader, random, clock, log, sources,
        client: client(internalUsers.apiServer),
      }, signal)
      for (const task of extensions.tasks ?? []) void task(signal)
    },
  }
}

interface ClientParts {
  late(): InProcessParts
  authorizer(): Authorizer
  /** Undefined: nothing is written down of any call. */
  readonly auditor: (() => Auditor) | undefined
  readonly signal: AbortSignal
  readonly ownCalls: HostCalls | undefined
}

function clientFor(user: User, parts: ClientParts): Client {
  const client = auditedClientFor(user, parts)
  return parts.ownCalls === undefined ? client : new MeasuredClient(client, parts.ownCalls)
}

function auditedClientFor(user: User, { late, auditor, ...parts }: ClientParts): Client {
  const plain = new InProcessClient(late, user)
  if (auditor === undefined) return plain
  const inner = (notes: AuditNotes | undefined): Client => (notes === undefined ? plain : new InProcessClient(late, user, notes))
  return new AuditedClient({ inner, user, auditor, ...parts })
}

function keepFlowObjects({ gate, resources, reader, ...parts }: Omit<DanglingParts, 'objects'> & {
  readonly gate: FlowGate; readonly resources: ResourceSet; readonly reader: ObjectReader
}): void {
  const keeper = new DanglingKeeper({ ...parts, objects: () => flowObjects(reader) })
  followFlowObjects(resources, reader, (objects) => {
    gate.configure(objects)
    if (objects.schemas.length > 0) keeper.look()
  })
}

function isServed(
  resources: ResourceSet, routes: RouteTable,
  { group, version, resource, subresource }: Pick<RequestInfo, 'group' | 'version' | 'resource' | 'subresource'>,
): boolean {
  if (resources.find(group, version, resource) === undefined) return false
  if (subresource === '' || subresource === 'status' || subresource === 'scale') return true
  const id = facetId(group, resource, subresource)
  return routes.resources.has(id) || routes.facets.has(id)
}

function schemaOfKind(
  resources: ResourceSet, schemas: SchemaLookup, { group, version, plural, kind }: KindRef, object: JsonObject,
): ObjectSchema | undefined {
  const resource = resources.find(group, version, plural)
  if (object['kind'] !== kind) return bodySchema({ schemas }, object)
  return resource && schemaOf({ schemas }, resource)
}

function auditorOf({ audit, clock, random, log }: ApiServerDependencies, { protobuf }: DispatchParts): Auditor | undefined {
  return audit && new Auditor({ ...audit, protobuf, clock, random, log })
}

interface CustomParts extends Omit<ConversionParts, 'metrics'> {
  readonly sources: MetricSource[]
  readonly feed: CacheFeed
  readonly resources: ResourceSet
  readonly schemas: SchemaLookup
  readonly log: Log
  readonly client: Client
}

/** Where definitions are served at all. */
function serveCustomResources({ feed, resources, schemas, client, log, sources, ...parts }: CustomParts, signal: AbortSignal): void {
  if (resources.find(CRD.group, CRD.version, CRD.plural) === undefined) return
  const conversion = { ...parts, metrics: new ConversionMetrics(parts.clock) }
  sources.push(() => conversion.metrics.families())
  const keeper = new DefinitionKeeper({ client, log, clock: conversion.clock })
  const custom = new CustomResources({ feed, resources, schemas, conversion, onChange: (name) => keeper.look(name) })
  custom.start()
  keeper.start(custom, signal)
}

function resourceSet(feed: CacheFeed, dependencies: ApiServerDependencies): ResourceSet {
  const resources = new ResourceSet(feed)
  for (const definition of dependencies.definitions) {
    resources.add(definition, dependencies.conversions.find(({ served }) => served === definition.kind))
  }
  return resources
}
