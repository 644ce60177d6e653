import { invalidValue, notSupported, required, tooMany, type FieldError } from '../../../objects/field-error.ts'
import { dnsSubdomainErrors } from '../../../objects/names.ts'
import { extendEnvironment, type Environment } from '../../../policy/cel/environment.ts'
import { kubernetesEnvironment } from '../../../policy/cel/kubernetes-environment.ts'
import { declareNativeSchema } from '../../../policy/cel/openapi-types.ts'
import type { Program } from '../../../policy/cel/program.ts'
import { present } from '../../../words/assert.ts'
import { thrownMessage } from '../../../words/thrown.ts'
import type { WebhookTarget } from '../../webhooks/webhook-caller.ts'
import { accessReviewSchema } from '../webhook/access-review.ts'
import type { WebhookAuthorizerConfig } from '../webhook/webhook-authorizer.ts'
import { configFailure, durationMs, readConfigFile, type ConfigKind } from './config-file.ts'
import type { ConfigFiles } from './config-files.ts'
import { compileField, Seen } from './expression.ts'

/** apiserver.config.k8s.io AuthorizationConfiguration, checked and compiled: who is asked, in this order. */
export interface AuthorizationConfig {
  readonly authorizers: readonly AuthorizerConfig[]
}

export type AuthorizerConfig =
  | { readonly type: 'Node' | 'RBAC' | 'AlwaysAllow' | 'AlwaysDeny' }
  | { readonly type: 'Webhook'; readonly webhook: WebhookAuthorizerConfig }

interface AuthorizerFields {
  readonly type?: string
  readonly name?: string
  readonly webhook?: WebhookFields | null
}

interface WebhookFields {
  readonly authorizedTTL?: string
  readonly unauthorizedTTL?: string
  readonly timeout?: string
  readonly subjectAccessReviewVersion?: string
  readonly matchConditionSubjectAccessReviewVersion?: string
  readonly failurePolicy?: string
  readonly connectionInfo?: { readonly type?: string; readonly kubeConfigFile?: string | null }
  readonly matchConditions?: readonly { readonly expression?: string }[]
}

const WHAT = 'authorization configuration'
const GROUP = 'apiserver.config.k8s.io'
const KIND: ConfigKind = {
  what: WHAT, kind: 'AuthorizationConfiguration', apiVersions: [`${GROUP}/v1`, `${GROUP}/v1beta1`, `${GROUP}/v1alpha1`],
  fields: {
    authorizers: { list: { fields: {
      type: 'string', name: 'string',
      webhook: { fields: {
        authorizedTTL: 'string', unauthorizedTTL: 'string', timeout: 'string', subjectAccessReviewVersion: 'string',
        matchConditionSubjectAccessReviewVersion: 'string', failurePolicy: 'string',
        connectionInfo: { fields: { type: 'string', kubeConfigFile: 'string' } },
        matchConditions: { list: { fields: { expression: 'string' } } },
      } },
    } } },
  },
}
const PLAIN_TYPES = ['AlwaysAllow', 'AlwaysDeny', 'Node', 'RBAC'] as const
const MAX_CONDITIONS = 64
const MAX_TIMEOUT_MS = 30_000
const DEFAULT_AUTHORIZED_TTL = '5m'
const DEFAULT_UNAUTHORIZED_TTL = '30s'

/** Reads a file's content, and the kubeconfigs that it names. Throws an Error that names the file and all fields that are wrong. */
export function parseAuthorizationConfig(file: string, content: Uint8Array, files: ConfigFiles): AuthorizationConfig {
  const { authorizers } = readConfigFile<{ readonly authorizers?: readonly AuthorizerFields[] | null }>(file, content, KIND)
  const errors: FieldError[] = []
  const parsed = new AuthorizationReader(errors, files).authorizers(authorizers ?? [])
  if (errors.length > 0) throw configFailure(WHAT, file, errors)
  return { authorizers: parsed }
}

class AuthorizationReader {
  readonly #errors: FieldError[]
  readonly #files: ConfigFiles
  readonly #environment: Environment

  constructor(errors: FieldError[], files: ConfigFiles) {
    this.#errors = errors
    this.#files = files
    const declared = present(declareNativeSchema(accessReviewSchema, 'kubernetes.SubjectAccessReviewSpec'), 'the type of access reviews')
    this.#environment = extendEnvironment(
      kubernetesEnvironment({ version: '1.32' }), { variables: { request: declared.type }, types: declared.provider },
    )
  }

  authorizers(all: readonly AuthorizerFields[]): readonly AuthorizerConfig[] {
    if (all.length === 0) this.#errors.push(required('authorizers', 'at least one authorization mode must be defined'))
    const [types, names] = [new Seen(this.#errors), new Seen(this.#errors)]
    return all.flatMap((fields, index): readonly AuthorizerConfig[] => {
      const path = `authorizers[${index}]`
      const [type, name] = [fields.type ?? '', fields.name ?? '']
      const known = [...PLAIN_TYPES, 'Webhook'].sort()
      if (type === '') return this.#none(required(`${path}.type`))
      if (!known.includes(type)) return this.#none(notSupported(`${path}.type`, type, known))
      if (type !== 'Webhook' && !types.isNew(`${path}.type`, type)) return []
      this.#checkName(`${path}.name`, name, names)
      const plain = PLAIN_TYPES.find((candidate) => candidate === type)
      if (plain === undefined) return this.#webhook(name, fields.webhook ?? undefined, path)
      if (fields.webhook !== undefined && fields.webhook !== null) {
        this.#none(invalidValue(`${path}.webhook`, 'non-null', 'may only be specified when type=Webhook'))
      }
      return [{ type: plain }]
    })
  }

  #checkName(field: string, name: string, names: Seen): void {
    if (name === '') return void this.#errors.push(required(field))
    if (!names.isNew(field, name)) return
    const wrong = dnsSubdomainErrors(name)
    if (wrong.length > 0) this.#errors.push(invalidValue(field, name, `authorizer name is invalid: ${wrong.join(', ')}`))
  }

  #webhook(name: string, fields: WebhookFields | undefined, path: string): readonly AuthorizerConfig[] {
    if (fields === undefined) return this.#none(required(`${path}.webhook`, 'required when type=Webhook'))
    const at = `${path}.webhook`
    const timeoutMs = this.#duration(`${at}.timeout`, fields.timeout, MAX_TIMEOUT_MS)
    const authorizedTtlMs = this.#duration(`${at}.authorizedTTL`, fields.authorizedTTL ?? DEFAULT_AUTHORIZED_TTL, Number.MAX_SAFE_INTEGER)
    const unauthorizedTtlMs = this.#duration(
      `${at}.unauthorizedTTL`, fields.unauthorizedTTL ?? DEFAULT_UNAUTHORIZED_TTL, Number.MAX_SAFE_INTEGER,
    )
    const version = this.#choice(`${at}.subjectAccessReviewVersion`, fields.subjectAccessReviewVersion, ['v1', 'v1beta1'] as const)
    const failurePolicy = this.#choice(`${at}.failurePolicy`, fields.failurePolicy, ['NoOpinion', 'Deny'] as const)
    const target = this.#target(fields.connectionInfo ?? {}, `${at}.connectionInfo`)
    const conditions = this.#conditions(fields, at)
    if (version === undefined || failurePolicy === undefined || target === undefined) return []
    return [{
      type: 'Webhook', webhook: { name, target, timeoutMs, authorizedTtlMs, unauthorizedTtlMs, version, failurePolicy, conditions },
    }]
  }

  #duration(field: string, text: string | undefined, maxMs: number): number {
    if (text === undefined || text === null || text === '') {
      this.#errors.push(required(field))
      return 0
    }
    const value = durationMs(text)
    if (value === 0) this.#errors.push(required(field))
    else if (value === undefined) this.#errors.push(invalidValue(field, text, 'is no duration, as 30s or 5m are'))
    else if (value < 0 || value > maxMs) {
      this.#errors.push(invalidValue(field, text, maxMs === MAX_TIMEOUT_MS ? 'must be > 0s and <= 30s' : 'must be > 0s'))
    }
    return value ?? 0
  }

  #choice<T extends string>(field: string, value: string | undefined | null, known: readonly T[]): T | undefined {
    const found = known.find((candidate) => candidate === value)
    if (found === undefined) this.#errors.push((value ?? '') === '' ? required(field) : notSupported(field, value, known))
    return found
  }

  #target({ type = '', kubeConfigFile }: NonNullable<WebhookFields['connectionInfo']>, path: string): WebhookTarget | undefined {
    const [field, file] = [`${path}.kubeConfigFile`, kubeConfigFile ?? '']
    const wrong = (error: FieldError): undefined => void this.#errors.push(error)
    if (type === '') return wrong(required(`${path}.type`))
    if (type === 'InClusterConfig') {
      return wrong(invalidValue(`${path}.type`, type, 'this server does not run in a pod: use KubeConfigFile'))
    }
    if (type !== 'KubeConfigFile') return wrong(notSupported(`${path}.type`, type, ['InClusterConfig', 'KubeConfigFile']))
    if (file === '') return wrong(required(field))
    if (!file.startsWith('/')) return wrong(invalidValue(field, file, 'must be an absolute path'))
    try {
      return this.#files.webhookTarget(file)
    } catch (error) {
      return wrong(invalidValue(field, file, `error loading file: ${thrownMessage(error)}`))
    }
  }

  #conditions({ matchConditions, matchConditionSubjectAccessReviewVersion: version }: WebhookFields, path: string): readonly Program[] {
    const conditions = matchConditions ?? []
    const field = `${path}.matchConditionSubjectAccessReviewVersion`
    if ((version ?? '') === '' && conditions.length > 0) this.#errors.push(required(field, 'required if match conditions are specified'))
    if ((version ?? '') !== '' && version !== 'v1') this.#errors.push(notSupported(field, version, ['v1']))
    if (conditions.length > MAX_CONDITIONS) return this.#none(tooMany(`${path}.matchConditions`, conditions.length, MAX_CONDITIONS))
    const seen = new Seen(this.#errors)
    return conditions.flatMap(({ expression }, index) => {
      const [text, at] = [expression ?? '', `${path}.matchConditions[${index}].expression`]
      if (text.trim() === '') return this.#none(required(at))
      if (!seen.isNew(at, text)) return []
      const program = compileField(this.#environment, text, { field: at, errors: this.#errors, result: 'bool' })
      return program === undefined ? [] : [program]
    })
  }

  #none(error: FieldError): [] {
    this.#errors.push(error)
    return []
  }
}
