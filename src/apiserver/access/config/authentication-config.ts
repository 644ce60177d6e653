import { invalidValue, required, tooMany, type FieldError } from '../../../objects/field-error.ts'
import type { ClaimMapping, ClaimRule, ClaimSource } from '../jwt/claim-mapper.ts'
import { claimsEnvironment, readsClaim, userEnvironment } from '../jwt/claim-expressions.ts'
import type { Environment } from '../../../policy/cel/environment.ts'
import type { Program } from '../../../policy/cel/program.ts'
import { configFailure, readConfigFile, type ConfigKind, type Shape } from './config-file.ts'
import { compileField, Seen } from './expression.ts'
import { checkExtraKey } from './extra-key.ts'

/** apiserver.config.k8s.io/v1beta1 AuthenticationConfiguration, checked and compiled. */
export interface AuthenticationConfig {
  readonly issuers: readonly JwtIssuer[]
  /** Undefined: the file does not say; everybody may be anonymous then. */
  readonly anonymous: AnonymousPolicy | undefined
}

/** Whom to take for system:anonymous. Paths undefined: on every path. */
export interface AnonymousPolicy {
  readonly isEnabled: boolean
  readonly paths: readonly string[] | undefined
}

/** Whose JSON Web Tokens count, and what they say. */
export interface JwtIssuer {
  readonly url: string
  /** Where its discovery document is; undefined: below the url, as OpenID Connect says. */
  readonly discoveryUrl: string | undefined
  readonly caPem: string | undefined
  readonly audiences: readonly string[]
  readonly mapping: ClaimMapping
}

interface Document {
  readonly jwt?: readonly JwtFields[]
  readonly anonymous?: { readonly enabled?: boolean; readonly conditions?: readonly { readonly path?: string }[] }
}

interface JwtFields {
  readonly issuer?: IssuerFields
  readonly claimValidationRules?: readonly RuleFields[]
  readonly claimMappings?: MappingFields
  readonly userValidationRules?: readonly { readonly expression?: string; readonly message?: string }[]
}

interface IssuerFields {
  readonly url?: string
  readonly discoveryURL?: string
  readonly certificateAuthority?: string
  readonly audiences?: readonly string[]
  readonly audienceMatchPolicy?: string
}

interface RuleFields {
  readonly claim?: string
  readonly requiredValue?: string
  readonly expression?: string
  readonly message?: string
}

interface SourceFields {
  readonly claim?: string
  readonly prefix?: string | null
  readonly expression?: string
}

interface MappingFields {
  readonly username?: SourceFields
  readonly groups?: SourceFields
  readonly uid?: SourceFields
  readonly extra?: readonly { readonly key?: string; readonly valueExpression?: string }[]
}

const PREFIXED: Shape = { fields: { claim: 'string', prefix: 'string', expression: 'string' } }
const WHAT = 'authentication configuration'
const MAX_ISSUERS = 64
const KIND: ConfigKind = {
  what: WHAT, kind: 'AuthenticationConfiguration', apiVersions: ['apiserver.config.k8s.io/v1beta1', 'apiserver.config.k8s.io/v1alpha1'],
  fields: {
    anonymous: { fields: { enabled: 'boolean', conditions: { list: { fields: { path: 'string' } } } } },
    jwt: { list: { fields: {
      issuer: { fields: {
        url: 'string', discoveryURL: 'string', certificateAuthority: 'string', audiences: { list: 'string' }, audienceMatchPolicy: 'string',
      } },
      claimValidationRules: { list: { fields: { claim: 'string', requiredValue: 'string', expression: 'string', message: 'string' } } },
      claimMappings: { fields: {
        username: PREFIXED, groups: PREFIXED, uid: { fields: { claim: 'string', expression: 'string' } },
        extra: { list: { fields: { key: 'string', valueExpression: 'string' } } },
      } },
      userValidationRules: { list: { fields: { expression: 'string', message: 'string' } } },
    } } },
  },
}

/** Reads a file's content. Throws an Error that names the file and all fields that are wrong. */
export function parseAuthenticationConfig(file: string, content: Uint8Array, disallowedIssuers: readonly string[]): AuthenticationConfig {
  const { jwt, anonymous } = readConfigFile<Document>(file, content, KIND)
  const errors: FieldError[] = []
  const issuers = new IssuerReader(errors, disallowedIssuers).issuers(jwt ?? [])
  const policy = anonymous === undefined || anonymous === null ? undefined : readAnonymous(anonymous, errors)
  if (errors.length > 0) throw configFailure(WHAT, file, errors)
  return { issuers, anonymous: policy }
}

function readAnonymous({ enabled, conditions }: NonNullable<Document['anonymous']>, errors: FieldError[]): AnonymousPolicy {
  const paths = (conditions ?? []).map(({ path }) => path ?? '')
  if (enabled !== true && paths.length > 0) {
    errors.push(invalidValue('anonymous.conditions', conditions, 'enabled should be set to true when conditions are defined'))
  }
  return { isEnabled: enabled === true, paths: paths.length === 0 ? undefined : paths }
}

class IssuerReader {
  readonly #errors: FieldError[]
  readonly #disallowed: readonly string[]
  readonly #claims: Environment = claimsEnvironment()
  readonly #user: Environment = userEnvironment()

  constructor(errors: FieldError[], disallowed: readonly string[]) {
    this.#errors = errors
    this.#disallowed = disallowed
  }

  issuers(all: readonly JwtFields[]): readonly JwtIssuer[] {
    if (all.length > MAX_ISSUERS) this.#errors.push(tooMany('jwt', all.length, MAX_ISSUERS))
    const urls = new Seen(this.#errors)
    const discoveryUrls = new Seen(this.#errors)
    return all.slice(0, MAX_ISSUERS).flatMap((fields, index) => {
      const path = `jwt[${index}]`
      const issuer = fields.issuer ?? {}
      urls.isNew(`${path}.issuer.url`, issuer.url ?? '')
      if ((issuer.discoveryURL ?? '') !== '') discoveryUrls.isNew(`${path}.issuer.discoveryURL`, issuer.discoveryURL ?? '')
      this.#checkIssuer(issuer, `${path}.issuer`)
      const mapping = this.#mapping(fields, path)
      return mapping === undefined ? [] : [{
        url: issuer.url ?? '', discoveryUrl: filled(issuer.discoveryURL), caPem: filled(issuer.certificateAuthority),
        audiences: issuer.audiences ?? [], mapping,
      }]
    })
  }

  #checkIssuer({ url = '', discoveryURL, certificateAuthority, audiences, audienceMatchPolicy }: IssuerFields, path: string): void {
    if (url === '') this.#errors.push(required(`${path}.url`))
    else this.#checkUrl(`${path}.url`, url, this.#disallowed)
    if (filled(discoveryURL) !== undefined) {
      const discovery = filled(discoveryURL) ?? ''
      if (withoutSlashes(url) === withoutSlashes(discovery)) {
        this.#errors.push(invalidValue(`${path}.discoveryURL`, discovery, 'discoveryURL must be different from URL'))
      }
      this.#checkUrl(`${path}.discoveryURL`, discovery, [])
    }
    this.#checkAudiences(audiences ?? [], audienceMatchPolicy ?? '', path)
    const ca = filled(certificateAuthority)
    if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----')) {
      this.#errors.push(
        invalidValue(`${path}.certificateAuthority`, '<omitted>', 'data does not contain any valid RSA or ECDSA certificates'),
      )
    }
  }

  #checkUrl(field: string, text: string, disallowed: readonly string[]): void {
    const wrong = (why: string): void => void this.#errors.push(invalidValue(field, text, why))
    if (disallowed.includes(text)) wrong(`URL must not overlap with disallowed issuers: [${disallowed.join(' ')}]`)
    const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/i.exec(text)
    if (parts?.[1]?.toLowerCase() !== 'https') return wrong('URL scheme must be https')
    if ((parts[2] ?? '') === '') wrong('URL must have a host')
    if (parts[2]?.includes('@') === true) wrong('URL must not contain a username or password')
    if (parts[4] !== undefined && parts[4] !== '?') wrong('URL must not contain a query')
    if (parts[5] !== undefined && parts[5] !== '#') wrong('URL must not contain a fragment')
  }

  #checkAudiences(audiences: readonly string[], policy: string, path: string): void {
    const field = `${path}.audiences`
    if (audiences.length === 0) return void this.#errors.push(required(field, `at least one ${field} is required`))
    const seen = new Seen(this.#errors)
    audiences.forEach((audience, index) => {
      if (audience === '') this.#errors.push(required(`${field}[${index}]`))
      seen.isNew(`${field}[${index}]`, audience)
    })
    if (policy === 'MatchAny' || (policy === '' && audiences.length === 1)) return
    const why = audiences.length > 1
      ? 'audienceMatchPolicy must be MatchAny for multiple audiences'
      : 'audienceMatchPolicy must be empty or MatchAny for single audience'
    this.#errors.push(invalidValue(`${path}.audienceMatchPolicy`, policy, why))
  }

  #mapping(fields: JwtFields, path: string): ClaimMapping | undefined {
    const rules = this.#claimRules(fields.claimValidationRules ?? [], `${path}.claimValidationRules`)
    const { username, groups, uid, extra } = fields.claimMappings ?? {}
    const at = `${path}.claimMappings`
    const mapped = {
      username: this.#prefixed(username, `${at}.username`, 'required'), groups: this.#prefixed(groups, `${at}.groups`, 'optional'),
      uid: this.#uid(uid, `${at}.uid`), extra: this.#extra(extra ?? [], `${at}.extra`),
    }
    this.#checkEmail(
      mapped.username, [...rules.flatMap(programOf), ...mapped.extra.map(({ program }) => program)], `${at}.username.expression`,
    )
    const userRules = this.#userRules(fields.userValidationRules ?? [], `${path}.userValidationRules`)
    return mapped.username === undefined ? undefined : { ...mapped, username: mapped.username, rules, userRules }
  }

  #claimRules(rules: readonly RuleFields[], path: string): readonly ClaimRule[] {
    const [claims, expressions] = [new Seen(this.#errors), new Seen(this.#errors)]
    return rules.flatMap((rule, index): readonly ClaimRule[] => {
      const at = `${path}[${index}]`
      const [claim, expression, message, requiredValue] = [
        rule.claim ?? '', rule.expression ?? '', rule.message ?? '', rule.requiredValue ?? '',
      ]
      if (claim !== '' && expression !== '') return this.#wrong(invalidValue(at, claim, "claim and expression can't both be set"))
      if (claim === '' && expression === '') return this.#wrong(required(at, 'claim or expression is required'))
      if (claim !== '') {
        if (message !== '') this.#wrong(invalidValue(`${at}.message`, message, 'may not be specified when claim is set'))
        return claims.isNew(`${at}.claim`, claim) ? [{ from: 'claim', claim, requiredValue }] : []
      }
      if (requiredValue !== '') {
        this.#wrong(invalidValue(`${at}.requiredValue`, requiredValue, 'may not be specified when expression is set'))
      }
      if (!expressions.isNew(`${at}.expression`, expression)) return []
      const program = this.#compile(this.#claims, expression, `${at}.expression`, 'bool')
      return program === undefined ? [] : [{ from: 'expression', program, message }]
    })
  }

  #prefixed(fields: SourceFields | undefined | null, path: string, need: 'required' | 'optional'): ClaimSource | undefined {
    const { claim, prefix, expression } = fields ?? {}
    const [hasClaim, hasExpression] = [filled(claim) !== undefined, filled(expression) !== undefined]
    const hasPrefix = prefix !== undefined && prefix !== null
    if (hasClaim && hasExpression) return this.#noSource(invalidValue(path, '', "claim and expression can't both be set"))
    if (hasExpression) {
      if (hasPrefix) this.#wrong(invalidValue(`${path}.prefix`, prefix, 'may not be specified when expression is set'))
      const program = this.#compile(this.#claims, expression ?? '', `${path}.expression`, 'any')
      return program === undefined ? undefined : { from: 'expression', program }
    }
    if (!hasClaim) return need === 'required' ? this.#noSource(required(path, 'claim or expression is required')) : undefined
    if (!hasPrefix) {
      return this.#noSource(required(
        `${path}.prefix`, 'prefix is required when claim is set. It can be set to an empty string to disable prefixing',
      ))
    }
    return { from: 'claim', claim: claim ?? '', prefix }
  }

  #uid(fields: SourceFields | undefined | null, path: string): ClaimSource | undefined {
    const [claim, expression] = [filled(fields?.claim), filled(fields?.expression)]
    if (claim !== undefined && expression !== undefined) {
      return this.#noSource(invalidValue(path, '', "claim and expression can't both be set"))
    }
    if (claim !== undefined) return { from: 'claim', claim, prefix: '' }
    const program = expression === undefined ? undefined : this.#compile(this.#claims, expression, `${path}.expression`, 'any')
    return program === undefined ? undefined : { from: 'expression', program }
  }

  #extra(mappings: NonNullable<MappingFields['extra']>, path: string): ClaimMapping['extra'] {
    const keys = new Seen(this.#errors)
    return mappings.flatMap((mapping, index) => {
      const [key, expression, at] = [mapping.key ?? '', mapping.valueExpression ?? '', `${path}[${index}]`]
      checkExtraKey(`${at}.key`, key, this.#errors)
      if (!keys.isNew(`${at}.key`, key)) return []
      if (expression === '') return this.#wrong(required(`${at}.valueExpression`))
      const program = this.#compile(this.#claims, expression, `${at}.valueExpression`, 'any')
      return program === undefined ? [] : [{ key, program }]
    })
  }

  /** Mail addresses as names need a look at whether they were verified, wherever that is taken. */
  #checkEmail(username: ClaimSource | undefined, others: readonly Program[], field: string): void {
    if (username?.from !== 'expression' || !readsClaim(username.program, 'email')) return
    if ([username.program, ...others].some((program) => readsClaim(program, 'email_verified'))) return
    this.#wrong(invalidValue(field, username.program.text, 'claims.email_verified must be used in claimMappings.username.expression or'
      + ' claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in'
      + ' claimMappings.username.expression'))
  }

  #userRules(rules: NonNullable<JwtFields['userValidationRules']>, path: string): ClaimMapping['userRules'] {
    const expressions = new Seen(this.#errors)
    return rules.flatMap((rule, index) => {
      const [expression, field] = [rule.expression ?? '', `${path}[${index}].expression`]
      if (expression === '') return this.#wrong(required(field))
      if (!expressions.isNew(field, expression)) return []
      const program = this.#compile(this.#user, expression, field, 'bool')
      return program === undefined ? [] : [{ program, message: rule.message ?? '' }]
    })
  }

  #compile(environment: Environment, text: string, field: string, result: 'bool' | 'any'): Program | undefined {
    return compileField(environment, text, { field, errors: this.#errors, result })
  }

  #wrong(error: FieldError): [] {
    this.#errors.push(error)
    return []
  }

  #noSource(error: FieldError): undefined {
    this.#errors.push(error)
    return undefined
  }
}

function programOf(rule: ClaimRule): readonly Program[] {
  return rule.from === 'expression' ? [rule.program] : []
}

function filled(text: string | undefined | null): string | undefined {
  return text === undefined || text === null || text === '' ? undefined : text
}

function withoutSlashes(text: string): string {
  return text.replace(/\/+$/, '')
}
