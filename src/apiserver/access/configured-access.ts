import type { Clock, Log } from '../../words/ports.ts'
import type { MetricFamily } from '../metrics/metric-family.ts'
import { ReloadCounts } from '../metrics/reload-counts.ts'
import type { WebhookCaller, WebhookTarget } from '../webhooks/webhook-caller.ts'
import type { AuthorizerChain } from './authorizer-chain.ts'
import { parseAuthenticationConfig, type AnonymousPolicy, type AuthenticationConfig } from './config/authentication-config.ts'
import { parseAuthorizationConfig } from './config/authorization-config.ts'
import type { ConfigFiles } from './config/config-files.ts'
import { watchConfig, type WatchedConfig } from './config/config-watch.ts'
import { FollowedFiles } from './config/followed-files.ts'
import type { IssuerDocuments } from './jwt/issuer-keys.ts'
import { JwtReviewer, type SignatureChecker } from './jwt/jwt-reviewer.ts'
import { RememberedReviewer } from './remembered-reviewer.ts'
import type { RequestHeaders } from './request-header-authenticator.ts'
import type { TokenReviewer } from './token-reviewers.ts'
import { WebhookTokens } from './webhook/webhook-tokens.ts'

/** What the cluster's owner has said about who may come in and do what; every part may be absent. */
export interface AccessSettings {
  readonly files: ConfigFiles
  readonly documents: IssuerDocuments
  readonly signatures: SignatureChecker
  /** An AuthenticationConfiguration. */
  readonly authenticationFile?: string | undefined
  /** An AuthorizationConfiguration. */
  readonly authorizationFile?: string | undefined
  /** A kubeconfig of the server that reviews tokens. */
  readonly tokenWebhookFile?: string | undefined
  /** By what metrics tell this server from others: sha256:... */
  readonly serverIdHash: string
  /** The proxies that are believed; the adapter knows the authority of their certificates. */
  readonly requestHeaders?: RequestHeaders | undefined
}

export interface ConfiguredParts {
  readonly clock: Clock
  readonly log: Log
  readonly webhooks: WebhookCaller
  /** The audiences that mean this API server; the first is its own issuer. */
  readonly audiences: readonly string[]
  readonly chain: AuthorizerChain
}

const JWT_TTL_MS = 10_000
const TOKEN_WEBHOOK_TTL_MS = 120_000

/** The configuration files in force. Making one throws where a file is wrong, so that the server does not start with less than it was told. */
export class ConfiguredAccess {
  readonly #settings: AccessSettings
  readonly #parts: ConfiguredParts
  readonly #watched: WatchedConfig[] = []
  readonly #counts: ReloadCounts[] = []
  #webhookTokens: readonly TokenReviewer[] = []
  #issuers: readonly TokenReviewer[] = []
  #anonymous: AnonymousPolicy | undefined

  constructor(settings: AccessSettings, parts: ConfiguredParts) {
    this.#settings = settings
    this.#parts = parts
    const { authenticationFile, authorizationFile, tokenWebhookFile } = settings
    if (authenticationFile !== undefined) {
      this.#follow('authentication', authenticationFile, (files) => (
        this.#useAuthentication(
          parseAuthenticationConfig(authenticationFile, files.read(authenticationFile), parts.audiences.slice(0, 1)),
        )))
    }
    if (authorizationFile !== undefined) {
      this.#follow('authorization', authorizationFile, (files) => (
        parts.chain.use(parseAuthorizationConfig(authorizationFile, files.read(authorizationFile), files))))
    }
    if (tokenWebhookFile !== undefined) {
      this.#follow('token webhook', tokenWebhookFile, (files) => {
        this.#webhookTokens = [this.#webhookReviewer(files.webhookTarget(tokenWebhookFile))]
      })
    }
  }

  /** Beside the reviewers of the cluster's own tokens. */
  get reviewers(): readonly TokenReviewer[] {
    return [...this.#issuers, ...this.#webhookTokens]
  }

  get anonymous(): AnonymousPolicy | undefined {
    return this.#anonymous
  }

  metrics(): readonly MetricFamily[] {
    return this.#counts.flatMap((counts) => counts.families())
  }

  /** Takes changed files into force until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#watched.map((config) => watchConfig(config, this.#parts, signal)))
  }

  #follow(kind: 'authentication' | 'authorization' | 'token webhook', file: string, use: (files: FollowedFiles) => void): void {
    const what = `${kind} configuration`
    let current = new FollowedFiles(this.#settings.files)
    this.#mustRead(what, file)
    use(current)
    const useAgain = (): string => {
      const next = new FollowedFiles(this.#settings.files)
      use(next)
      current = next
      return next.state()
    }
    // The token webhook has no such metric with upstream.
    const counts = kind === 'token webhook' ? undefined : new ReloadCounts(kind, this.#settings.serverIdHash)
    if (counts !== undefined) this.#counts.push(counts)
    this.#watched.push({ what, file, inForce: current.state(), look: () => current.look(), counts, use: useAgain })
  }

  #mustRead(what: string, file: string): void {
    try {
      this.#settings.files.read(file)
    } catch (error) {
      throw new Error(
        `the ${what} file ${JSON.stringify(file)} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      )
    }
  }

  #useAuthentication({ issuers, anonymous }: AuthenticationConfig): void {
    const { documents, signatures } = this.#settings
    const { clock, log, audiences } = this.#parts
    this.#issuers = issuers.map((issuer) => new RememberedReviewer(
      new JwtReviewer(issuer, { documents, signatures, clock, audiences }), { clock, log, ttlMs: JWT_TTL_MS, remembersRefusals: false }))
    this.#anonymous = anonymous
  }

  #webhookReviewer(target: WebhookTarget): TokenReviewer {
    const { clock, log, webhooks, audiences } = this.#parts
    const reviewer = new WebhookTokens({ caller: webhooks, target, clock, audiences })
    return new RememberedReviewer(reviewer, { clock, log, ttlMs: TOKEN_WEBHOOK_TTL_MS, remembersRefusals: true })
  }
}
