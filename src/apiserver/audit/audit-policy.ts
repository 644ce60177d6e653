import { DocumentShape } from '../../objects/document-shape.ts'
import { invalidValue, notSupported, required, type FieldError } from '../../objects/field-error.ts'
import { isObject, type JsonObject } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'

export type AuditLevel = 'None' | 'Metadata' | 'Request' | 'RequestResponse'
export type AuditStage = 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic'

/** audit.k8s.io/v1 Policy: the first rule that matches a request decides what is written down of it. */
export interface AuditPolicy {
  readonly rules: readonly AuditRule[]
}

/** An empty list means all. */
export interface AuditRule {
  readonly level: AuditLevel
  readonly users: readonly string[]
  readonly userGroups: readonly string[]
  readonly verbs: readonly string[]
  readonly namespaces: readonly string[]
  readonly resources: readonly AuditResources[]
  readonly nonResourceURLs: readonly string[]
  /** Those of the policy too. */
  readonly omitStages: ReadonlySet<AuditStage>
  readonly omitManagedFields: boolean
}

export interface AuditResources {
  readonly group: string
  readonly resources: readonly string[]
  readonly resourceNames: readonly string[]
}

const LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse']
const STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic']
const RULE_FIELDS = [
  'level', 'users', 'userGroups', 'verbs', 'resources', 'namespaces', 'nonResourceURLs', 'omitStages', 'omitManagedFields'
]
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const SUBDOMAIN_DETAIL = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.',"
  + " and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is"
  + " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

export type PolicyResult = { readonly outcome: 'policy'; readonly policy: AuditPolicy } | {
  readonly outcome: 'refused'; readonly why: string
}

/** Takes a decoded document. What is wrong is said with the paths of the fields. */
export function readAuditPolicy(document: unknown): PolicyResult {
  const refused = (why: string): PolicyResult => ({ outcome: 'refused', why })
  if (!isObject(document)) return refused('it is no object')
  if (document['kind'] !== 'Policy' || document['apiVersion'] !== 'audit.k8s.io/v1') {
    return refused(
      `no kind ${jsonText(document['kind'] ?? '')} is registered for version ${jsonText(document['apiVersion'] ?? '')}`
      + '; it must be Policy of audit.k8s.io/v1'
    )
  }
  const reader = new PolicyReader()
  const policy = reader.policy(document)
  if (reader.shape.problems.length > 0) return refused(`strict decoding error: ${reader.shape.problems.join(', ')}`)
  if (policy.rules.length === 0) return refused('loaded illegal policy with 0 rules')
  if (reader.errors.length === 0) return { outcome: 'policy', policy }
  const lines = reader.errors.map(({ field, message }) => `${field}: ${message}`)
  return refused(lines.length === 1 ? (lines[0] ?? '') : `[${lines.join(', ')}]`)
}

/** Collects all that is wrong: shape first, as what has no shape has no meaning. */
class PolicyReader {
  readonly shape = new DocumentShape()
  readonly errors: FieldError[] = []

  policy(document: JsonObject): AuditPolicy {
    this.shape.known(document, '', ['apiVersion', 'kind', 'metadata', 'rules', 'omitStages', 'omitManagedFields'])
    const common = { omitStages: this.shape.texts(document['omitStages'], 'omitStages'), omitManagedFields: this.#flag(
      document['omitManagedFields'], 'omitManagedFields'
    ) ?? false }
    return { rules: this.shape.list(document['rules'], 'rules').map((rule, index) => this.#rule(rule, `rules[${index}]`, common)) }
  }

  #rule(value: unknown, at: string, common: { omitStages: readonly string[]; omitManagedFields: boolean }): AuditRule {
    const rule = this.shape.object(value, at)
    this.shape.known(rule, at, RULE_FIELDS)
    const level = this.shape.text(rule['level'], `${at}.level`)
    if (level === '') this.errors.push(required(`${at}.level`))
    else if (!LEVELS.includes(level)) this.errors.push(notSupported(`${at}.level`, level, LEVELS))
    const nonResourceURLs = this.shape.texts(rule['nonResourceURLs'], `${at}.nonResourceURLs`)
    this.#checkUrls(nonResourceURLs, `${at}.nonResourceURLs`)
    const resources = this.shape.list(rule['resources'], `${at}.resources`).map(
      (entry, index) => this.#resources(entry, `${at}.resources`, index)
    )
    const omitStages = this.shape.texts(rule['omitStages'], `${at}.omitStages`)
    this.#checkStages(omitStages, `${at}.omitStages`)
    const namespaces = this.shape.texts(rule['namespaces'], `${at}.namespaces`)
    if (nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0)) {
      this.errors.push(
        invalidValue(`${at}.nonResourceURLs`, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs')
      )
    }
    return {
      level: level as AuditLevel, users: this.shape.texts(rule['users'], `${at}.users`), userGroups: this.shape.texts(
        rule['userGroups'], `${at}.userGroups`
      ),
      verbs: this.shape.texts(rule['verbs'], `${at}.verbs`), namespaces, resources, nonResourceURLs,
      omitStages: new Set([...common.omitStages, ...omitStages] as AuditStage[]),
      omitManagedFields: this.#flag(rule['omitManagedFields'], `${at}.omitManagedFields`) ?? common.omitManagedFields,
    }
  }

  #resources(value: unknown, list: string, index: number): AuditResources {
    const at = `${list}[${index}]`
    const entry = this.shape.object(value, at)
    this.shape.known(entry, at, ['group', 'resources', 'resourceNames'])
    const group = this.shape.text(entry['group'], `${at}.group`)
    const resources = this.shape.texts(entry['resources'], `${at}.resources`)
    const resourceNames = this.shape.texts(entry['resourceNames'], `${at}.resourceNames`)
    // Upstream names the list here, not its entry.
    if (group !== '' && (group.length > 253 || !SUBDOMAIN.test(group))) this.errors.push(
      invalidValue(`${list}.group`, group, SUBDOMAIN_DETAIL)
    )
    if (resourceNames.length > 0 && resources.length === 0) {
      this.errors.push(invalidValue(`${list}.resourceNames`, resourceNames, 'using resourceNames requires at least one resource'))
    }
    return { group, resources, resourceNames }
  }

  #checkUrls(urls: readonly string[], at: string): void {
    urls.forEach((url, index) => {
      if (url === '*') return
      if (!url.startsWith('/')) this.errors.push(
        invalidValue(`${at}[${index}]`, url, "non-resource URL rules must begin with a '/' character")
      )
      if (url.slice(0, -1).includes('*')) this.errors.push(
        invalidValue(`${at}[${index}]`, url, "non-resource URL wildcards '*' must be the final character of the rule")
      )
    })
  }

  #checkStages(stages: readonly string[], at: string): void {
    stages.forEach((stage, index) => {
      if (!STAGES.includes(stage)) this.errors.push(invalidValue(`${at}[${index}]`, stage, `allowed stages are ${STAGES.join(',')}`))
    })
  }

  #flag(value: unknown, at: string): boolean | undefined {
    if (typeof value === 'boolean') return value
    if (value !== undefined && value !== null) this.shape.problems.push(`${at} must be true or false`)
    return undefined
  }
}
