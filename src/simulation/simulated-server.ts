import { defaultAdmission } from '../apiserver/admission/built-in.ts'
import { composeExtensions, defaultNodePorts, defaultServiceRange } from '../apiserver/access/compose.ts'
import { controllerUser, internalUsers } from '../apiserver/access/internal-users.ts'
import type { User } from '../apiserver/access.ts'
import { applyBootstrap } from '../apiserver/bootstrap/apply.ts'
import { plainOpenApi } from '../apiserver/discovery/openapi-documents.ts'
import { versionInfo } from '../apiserver/discovery/version.ts'
import type { ApiServer } from '../apiserver/server.ts'
import { createApiServer, defaultLimits } from '../apiserver/server.ts'
import type { Client } from '../client/client.ts'
import { allControllers } from '../controllers/all.ts'
import type { SchemaLookup } from '../objects/schema.ts'
import { Executor } from '../reconcile/executor.ts'
import { kindConversions, servedResources } from '../resources/registry.ts'
import { Scheduler } from '../scheduler/scheduler.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../words/ports.ts'
import type { Link } from './link.ts'
import { lossyClient } from './lossy-client.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimulatedNetwork } from './simulated-network.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { simulatedTokens } from './simulated-tokens.ts'
import type { SimulationParts } from './simulation-parts.ts'
import { noWebhooks } from '../apiserver/webhooks/webhook-caller.ts'
import { unseenSignatures } from '../apiserver/certificates/signature-check.ts'

export interface ServerSurroundings {
  readonly process: SimulatedProcess
  readonly store: Store
  readonly network: SimulatedNetwork
  readonly random: SeededRandom
  readonly log: Log
  readonly schemas: SchemaLookup
  readonly tokens: ReturnType<typeof simulatedTokens>
  readonly links: { readonly controllers: Link; readonly scheduler: Link }
  readonly parts: SimulationParts
}

/** The control plane's process from its start to its death: API server, controllers and scheduler, composed as programs/ does it. */
export class SimulatedServer {
  readonly process: SimulatedProcess
  readonly api: ApiServer
  readonly #surroundings: ServerSurroundings
  #executor: Executor | undefined

  constructor(surroundings: ServerSurroundings) {
    this.#surroundings = surroundings
    this.process = surroundings.process
    this.api = createServer(surroundings)
  }

  /** Undefined until the bootstrap objects are there. */
  get executor(): Executor | undefined {
    return this.#executor
  }

  /**
   * Ends when all parts have started; never, when the process dies before. A start that fails is a crash, which a supervisor would mend.
   */
  async start(onFailure: (error: unknown) => void): Promise<void> {
    const { network, process } = this.#surroundings
    try {
      await this.api.start(process.end)
      network.serve(process)
      await applyBootstrap(this.api.client(internalUsers.apiServer), { serviceAddress: '10.96.0.1', address: '192.0.2.10', port: 6443 })
      this.#startLoops()
    } catch (error) {
      onFailure(error)
    }
  }

  #startLoops(): void {
    const { process, random, log, links, parts } = this.#surroundings
    const storedKinds = servedResources().filter((definition) => !definition.virtual).map((definition) => definition.kind)
    const controllers = allControllers({
      rootCertificate: 'CERTIFICATE', storedKinds, startedAt: process.clock.now(), signSecretToken: () => 'token',
      issueCertificate: () => ({ ok: false, problem: 'there is no authority' }),
    })
    const common = { clock: process.clock, random: random.fork('loops'), log }
    const client = this.#client('controllers', internalUsers.controllerManager, links.controllers)
    const clientOf = (account: string): Client => this.#client(`controllers ${account}`, controllerUser(account), links.controllers)
    this.#executor = new Executor(controllers, { ...common, client, clientOf }, { fenced: parts.isFenced })
    const executor = this.#executor
    executor.start()
    process.end.addEventListener('abort', () => void executor.stop(), { once: true })
    const scheduler = new Scheduler({ ...common, client: this.#client('scheduler', internalUsers.scheduler, links.scheduler) })
    void scheduler.run(process.end)
  }

  #client(part: string, user: User, link: Link): Client {
    const { network, process, parts, random } = this.#surroundings
    return parts.client(lossyClient(network, { process, link }, this.api.client(user)), part, random.fork(part))
  }
}

function createServer({ process, store, random, log, schemas, tokens }: ServerSurroundings): ApiServer {
  return createApiServer({
    store,
    storeIsShared: false,
    clock: process.clock,
    random: random.fork('server'),
    log,
    definitions: servedResources(),
    conversions: kindConversions(),
    schemas,
    limits: defaultLimits,
    freezeObjects: true,
    extend: (core) =>
      composeExtensions(core, {
        admission: defaultAdmission,
        tokens,
        serviceRange: defaultServiceRange,
        nodePorts: defaultNodePorts,
        serverAddress: '192.0.2.10:6443',
        healthChecks: () => [],
        openApi: plainOpenApi,
        webhooks: noWebhooks,
        certificates: unseenSignatures,
        version: versionInfo({ commit: '', buildDate: '1970-01-01T00:00:00Z', runtime: 'simulation', platform: 'linux/amd64' }),
      }),
  })
}
