import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { parseAdmissionConfig } from '../apiserver/admission/admission-config.ts'
import { defaultAdmission, type AdmissionOptions } from '../apiserver/admission/built-in.ts'
import type { AccessSettings } from '../apiserver/access/configured-access.ts'
import { requestHeadersOf } from '../apiserver/access/request-header-authenticator.ts'
import { composeExtensions } from '../apiserver/access/compose.ts'
import { controllerUser, internalUsers } from '../apiserver/access/internal-users.ts'
import { applyBootstrap, keepFlowControl } from '../apiserver/bootstrap/apply.ts'
import { versionInfo } from '../apiserver/discovery/version.ts'
import { ClientCalls } from '../apiserver/metrics/client-calls.ts'
import type { HealthCheck } from '../apiserver/discovery/health.ts'
import { createApiServer, defaultLimits, type ApiServer } from '../apiserver/server.ts'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import type { Client } from '../client/client.ts'
import { allControllers, contentControllers } from '../controllers/all.ts'
import { apiDescriptions } from '../host/api-descriptions.ts'
import { configFiles } from '../host/config-files.ts'
import { issuerDocuments } from '../host/issuer-documents.ts'
import { createTokenSignatures } from '../host/token-signatures.ts'
import { openAudit, type OpenAudit } from '../host/audit/open-audit.ts'
import { certificateSignatures } from '../host/certificate-signatures.ts'
import { systemClock } from '../host/clock.ts'
import { gzip } from '../host/gzip.ts'
import { openEncryption, plainStore, type Encryption } from '../host/encryption/open-encryption.ts'
import type { HttpsServer, ServingCertificate } from '../host/https-server.ts'
import { startHttpsThread, startThreadedHttpsServer } from '../host/https-thread/threaded-server.ts'
import type { RemoteApi } from '../apiserver/aggregation/remote-api.ts'
import type { WebhookCaller } from '../apiserver/webhooks/webhook-caller.ts'
import { createRemoteApi } from '../host/remote-api.ts'
import { createWebhookCaller, type EventPoster } from '../host/webhook-caller.ts'
import { openLmdbStore } from '../host/lmdb/open-lmdb-store.ts'
import { hostAddresses, type HostAddresses } from '../host/host-addresses.ts'
import { createClusterPki, FRONT_PROXY_NAME, type ClusterPki } from '../host/pki.ts'
import { storeSizeMetrics } from '../host/store-size.ts'
import { processMetrics } from '../host/process-metrics.ts'
import { systemRandom } from '../host/random.ts'
import { createServiceAccountTokens, type ServiceAccountTokens } from '../host/service-account-tokens.ts'
import { kinds } from '../resources/generated/kinds.ts'
import { kindConversions, servedResources } from '../resources/registry.ts'
import { SchemaCatalog } from '../resources/schema.ts'
import { Executor } from '../reconcile/executor.ts'
import { Scheduler } from '../scheduler/scheduler.ts'
import { runCompactor } from '../store/compactor.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../words/ports.ts'
import { sleep } from '../words/ports.ts'
import type { KindRef } from '../objects/kind.ts'
import { isStatus } from '../words/status-error.ts'
import { certificateTimes } from './certificate-lifetime.ts'
import { clusterPaths } from './cluster-paths.ts'
import { schedulerMetrics, workQueueMetrics } from './loop-metrics.ts'
import { authenticationFacts, keepServerCertificates, readServerCertificates } from './server-certificates.ts'

export interface ControlPlane {
  /** Where the API answers: 127.0.0.1:6443. */
  readonly address: string
  /** Ends watches, then requests, then the store. */
  close(): Promise<void>
}

const MAX_REMEMBERED_TOKENS = 10_000
const NODE_CONNECT_TIMEOUT_MS = 5_000
/** Made by tools/describe.ts; kubectl explain has no descriptions without it. */
const DESCRIPTIONS_FILE = join(import.meta.dirname, '../../node_modules/.lotse-descriptions.json')

/** Store, API server, controllers and scheduler in this process. Resolves when the API answers and the bootstrap objects are there. */
export async function startControlPlane(config: ClusterConfig, log: Log): Promise<ControlPlane> {
  const paths = clusterPaths(config)
  const thread = startHttpsThread()
  mkdirSync(paths.pkiDirectory, { recursive: true, mode: 0o700 })
  const stop = new AbortController()
  const engine = await openLmdbStore({ directory: paths.storeDirectory, log })
  const encryption = await openConfiguredEncryption(config, engine, log)
  const store = encryption?.store ?? plainStore(engine)
  const host = hostAddresses()
  const pki = openPki(config, host, log)
  const calls = new ClientCalls(systemClock)
  const webhooks = createWebhookCaller(calls)
  const audit = await openConfiguredAudit(config, webhooks, log)
  const certificates = readServerCertificates(pki)
  const { serving, clients } = certificates
  const remote = createRemoteApi(clients.frontProxy)
  const tokens = await createTokens(config, pki)
  const healthChecks = (): readonly HealthCheck[] => encryption?.healthChecks() ?? []
  const server = await createServer(config, { store, tokens, host, webhooks, remote, audit, healthChecks, calls, log })
  await server.start(stop.signal)
  const listener = await startThreadedHttpsServer(thread, {
    ...serving, handler: server.handle,
    host: config.listenAddress, port: config.port, log,
    nodeProxy: { ...clients.toNodes, caPem: pki.caPem, connectTimeoutMs: NODE_CONNECT_TIMEOUT_MS, frontProxy: clients.frontProxy },
  })
  await bootstrap(config, { host, serving }, server)
  keepServerCertificates(certificates, { config, pki, server, listener, remote, log }, stop.signal)
  encryption?.run(stop.signal)
  if (encryption !== undefined) server.addMetrics(() => encryption.metrics())
  for (const source of [storeSizeMetrics(paths.storeDirectory), () => calls.families()]) server.addMetrics(source)
  void keepFlowControl(server.client(internalUsers.apiServer), { clock: systemClock, log }, stop.signal)
  void runCompactor(store, { clock: systemClock, log }, stop.signal)
  const executor = startLoops(server, { config, pki, tokens, log }, stop.signal)
  const running = { server, listener, webhooks, remote, audit, executor, store, encryption, stop }
  return { address: `127.0.0.1:${config.port}`, close: () => close(running) }
}

interface Running {
  readonly server: ApiServer
  readonly listener: HttpsServer
  readonly webhooks: { close(): void }
  readonly remote: { close(): void }
  readonly audit: OpenAudit | undefined
  readonly executor: Executor
  readonly store: Store
  readonly encryption: Encryption | undefined
  readonly stop: AbortController
}

/** From the outside in: nobody asks for anything any more when the store is closed. */
async function close({ server, listener, webhooks, remote, audit, executor, store, encryption, stop }: Running): Promise<void> {
  server.drain()
  await listener.close()
  await audit?.close()
  webhooks.close()
  remote.close()
  await executor.stop()
  stop.abort()
  encryption?.close()
  await store.close()
}

function openConfiguredEncryption(config: ClusterConfig, engine: Store, log: Log): Promise<Encryption> | undefined {
  const file = config.serverFiles?.encryptionConfig
  if (file === undefined) return undefined
  return openEncryption(file, engine, {
    clock: systemClock, random: systemRandom, log: log.with({ part: 'encryption' }), serverIdHash: serverIdHash(),
  })
}

/** Where only a policy is given, the log is in the data directory. */
function openConfiguredAudit(config: ClusterConfig, poster: EventPoster, log: Log): Promise<OpenAudit> | undefined {
  const { auditPolicy: policy, auditLog, auditWebhookConfig: webhookConfig } = config.serverFiles ?? {}
  if (policy === undefined) return undefined
  const auditFile = auditLog ?? (webhookConfig === undefined ? clusterPaths(config).auditLog : undefined)
  return openAudit({ policy, log: auditFile, webhookConfig }, { poster, clock: systemClock, log: log.with({ part: 'audit' }) })
}

function openPki(config: ClusterConfig, host: HostAddresses, log: Log): ClusterPki {
  const pki = createClusterPki(clusterPaths(config).pkiDirectory, {
    names: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', `kubernetes.default.svc.${config.clusterDomain}`],
    addresses: ['127.0.0.1', ...host.all, config.apiServiceAddress],
    lifetimeMs: certificateTimes(config).lifetimeMs,
    clock: systemClock,
    log,
  })
  // Made here, because only the control plane has the authority's key; the node agent reads the files, and renews them.
  if (config.nodes > 0) pki.node(config.nodeName, { names: [config.nodeName], addresses: [] })
  return pki
}

interface ServerParts {
  readonly store: Store
  readonly tokens: ServiceAccountTokens
  readonly host: HostAddresses
  readonly webhooks: WebhookCaller
  readonly remote: RemoteApi
  readonly audit: OpenAudit | undefined
  readonly healthChecks: () => readonly HealthCheck[]
  readonly calls: ClientCalls
  readonly log: Log
}

function createTokens(config: ClusterConfig, pki: ClusterPki): Promise<ServiceAccountTokens> {
  return createServiceAccountTokens({
    issuer: `https://kubernetes.default.svc.${config.clusterDomain}`,
    privateKeyPem: pki.tokenKeyPem,
    retiredPublicKeyPems: pki.retiredTokenKeyPems,
    clock: systemClock,
    maxRememberedTokens: MAX_REMEMBERED_TOKENS,
  })
}

async function createServer(config: ClusterConfig, parts: ServerParts): Promise<ApiServer> {
  const { store, tokens, host, webhooks, remote, audit, healthChecks, calls, log } = parts
  const schemas = new SchemaCatalog()
  return createApiServer({
    store,
    storeIsShared: false,
    clock: systemClock,
    random: systemRandom,
    log,
    definitions: servedResources(),
    conversions: kindConversions(),
    schemas: schemas.lookup,
    audit,
    ownCalls: calls.of(`127.0.0.1:${config.port}`),
    limits: defaultLimits,
    freezeObjects: false,
    extend: (core) =>
      composeExtensions(core, {
        admission: admissionOptions(config),
        tokens,
        serviceRange: config.serviceCidr,
        nodePorts: config.nodePorts,
        serverAddress: `${host.primary}:${config.port}`,
        version: versionInfo({
          commit: '',
          buildDate: '1970-01-01T00:00:00Z',
          runtime: `node ${process.version}`,
          platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
        }),
        healthChecks,
        webhooks,
        certificates: certificateSignatures,
        access: accessSettings(config),
        remote,
        openApi: { descriptions: apiDescriptions(DESCRIPTIONS_FILE), gzip },
      }),
  })
}

/** How metrics tell the servers of a cluster apart. */
function serverIdHash(): string {
  return `sha256:${createHash('sha256').update(`apiserver-${hostname()}`).digest('hex')}`
}

function admissionOptions({ serverFiles: files }: ClusterConfig): AdmissionOptions {
  const file = files?.admissionConfig
  return file === undefined ? defaultAdmission : parseAdmissionConfig(file, configFiles.read(file))
}

function accessSettings({ serverFiles: files }: ClusterConfig): AccessSettings {
  return {
    files: configFiles, documents: issuerDocuments, signatures: createTokenSignatures(),
    requestHeaders: requestHeadersOf([FRONT_PROXY_NAME]), serverIdHash: serverIdHash(),
    authenticationFile: files?.authenticationConfig, authorizationFile: files?.authorizationConfig,
    tokenWebhookFile: files?.tokenWebhookConfig,
  }
}

interface LoopParts extends Pick<ServerParts, 'tokens' | 'log'> {
  readonly config: ClusterConfig
  readonly pki: ClusterPki
}

interface BootstrapParts {
  readonly host: HostAddresses
  readonly serving: ServingCertificate
}

async function bootstrap(config: ClusterConfig, { host, serving }: BootstrapParts, server: ApiServer): Promise<void> {
  const client = server.client(internalUsers.apiServer)
  await applyBootstrap(client, { serviceAddress: config.apiServiceAddress, address: host.primary, port: config.port },
    authenticationFacts(serving))
  if (config.nodes > 0) await createDnsService(config, client)
}

/** The address that pods ask. It has no endpoints: every node answers it itself. */
async function createDnsService(config: ClusterConfig, client: Client): Promise<void> {
  const port = { port: 53, targetPort: 53 }
  try {
    await client.create(kinds.Service, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS' } },
      spec: {
        clusterIP: config.dnsServiceAddress,
        ports: [{ name: 'dns', protocol: 'UDP', ...port }, { name: 'dns-tcp', protocol: 'TCP', ...port }],
      },
    })
  } catch (error) {
    if (!isStatus(error, 'AlreadyExists') && !isStatus(error, 'Invalid')) throw error
  }
}

function storedKindsOf(server: ApiServer): readonly KindRef[] {
  return server.served().filter((definition) => !definition.virtual).map((definition) => definition.kind)
}

const KINDS_LOOK_MS = 500

/** Custom resources come and go: what empties namespaces and collects garbage must know them all. */
async function followKinds(server: ApiServer, executor: Executor, signal: AbortSignal): Promise<void> {
  for (let known = server.served(); !signal.aborted; await sleep(systemClock, KINDS_LOOK_MS, signal)) {
    if (server.served() === known) continue
    known = server.served()
    for (const controller of contentControllers(storedKindsOf(server))) executor.replace(controller)
  }
}

/** Controllers and scheduler, each with its own rights, on the server's own objects. */
function startLoops(server: ApiServer, { config, pki, tokens, log }: LoopParts, signal: AbortSignal): Executor {
  const parts = { clock: systemClock, random: systemRandom }
  const storedKinds = storedKindsOf(server)
  const controllers = allControllers({
    rootCertificate: pki.caPem, storedKinds, startedAt: systemClock.now(), signSecretToken: tokens.signSecretToken,
    issueCertificate: pki.issue, longestCertificateMs: certificateTimes(config).lifetimeMs,
  })
  const executor = new Executor(controllers, {
    ...parts, log: log.with({ part: 'controllers' }), client: server.client(internalUsers.controllerManager),
    clientOf: (account) => server.client(controllerUser(account)),
  })
  executor.start()
  void followKinds(server, executor, signal)
  const scheduler = new Scheduler({ ...parts, log: log.with({ part: 'scheduler' }), client: server.client(internalUsers.scheduler) })
  void scheduler.run(signal)
  for (const source of [processMetrics(), workQueueMetrics(executor), schedulerMetrics(scheduler)]) server.addMetrics(source)
  return executor
}
