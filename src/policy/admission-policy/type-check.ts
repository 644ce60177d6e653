import type { RuleWithOperations, ValidatingAdmissionPolicySpec } from '../../resources/generated/types.ts'
import { compile } from '../cel/compile.ts'
import { composedType } from '../cel/composed-variables.ts'
import { firstProvider, noTypes, type TypeProvider } from '../cel/object-type.ts'
import { formatIssues } from '../cel/source.ts'
import { dynType, type Type } from '../cel/types.ts'
import type { AdmissionEnvironments } from './admission-environment.ts'
import { VARIABLES_TYPE } from './policy-expressions.ts'

export interface KindName {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** A kind whose schema is known; a schema that says nothing of its type makes it dynamic. */
export interface KindType {
  readonly type: Type
  readonly types: TypeProvider
}

/** Where kinds and their types come from. */
export interface KindSource {
  kindOf(group: string, version: string, resource: string): KindName | undefined
  typeOf(kind: KindName): KindType | undefined
}

export interface TypeWarning {
  readonly fieldRef: string
  readonly warning: string
}

/** Of each rule; more would make a policy about everything expensive to write. */
const MAX_TYPES = 10

/**
 * What in the validations of a policy does not fit the kinds that its rules name: status.typeChecking. Those are warnings, as the
 * policy may know better: a rule with wildcards names no kind, and an expression may ask first which one it has before it.
 */
export function typeWarnings(
  spec: ValidatingAdmissionPolicySpec, source: KindSource, environments: AdmissionEnvironments,
): readonly TypeWarning[] {
  const checks = kindsOf(spec, source).flatMap((kind): Check[] => {
    const type = source.typeOf(kind)
    return type === undefined ? [] : [new Check(spec, { kind, object: type, params: paramsType(spec, source) }, environments)]
  })
  const warnings: TypeWarning[] = []
  const check = (fieldRef: string, text: string): void => {
    const found = checks.flatMap((each) => each.problem(text) ?? [])
    if (found.length > 0) warnings.push({ fieldRef, warning: found.join('\n') })
  }
  for (const [index, { expression, messageExpression = '' }] of (spec.validations ?? []).entries()) {
    check(`spec.validations[${index}].expression`, expression)
    if (messageExpression !== '') check(`spec.validations[${index}].messageExpression`, messageExpression)
  }
  return warnings
}

/** Those that the rules name in full, in the order of their names. */
export function kindsOf({ matchConstraints }: ValidatingAdmissionPolicySpec, source: KindSource): readonly KindName[] {
  const found = new Map<string, KindName>()
  for (const rule of matchConstraints?.resourceRules ?? []) {
    let count = 0
    for (const { group, version, resource } of resourcesOf(rule)) {
      const kind = source.kindOf(group, version, resource)
      if (kind === undefined) continue
      found.set(kindText(kind), kind)
      if (++count === MAX_TYPES) return sorted(found)
    }
  }
  return sorted(found)
}

function sorted(found: ReadonlyMap<string, KindName>): readonly KindName[] {
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return [...found.values()].sort((a, b) => order(a.group, b.group) || order(a.version, b.version) || order(a.kind, b.kind))
}

interface Resource {
  readonly group: string
  readonly version: string
  readonly resource: string
}

function* resourcesOf({ apiGroups = [], apiVersions = [], resources = [] }: RuleWithOperations): Iterable<Resource> {
  if ([...apiGroups, ...apiVersions].some((name) => name.includes('*'))) return
  for (const group of apiGroups.toSorted()) {
    for (const version of apiVersions.toSorted()) {
      for (const resource of resources.toSorted()) if (!/[*/]/.test(resource)) yield { group, version, resource }
    }
  }
}

/** Undefined: there are no params, or nobody knows of what kind. */
function paramsType({ paramKind }: ValidatingAdmissionPolicySpec, source: KindSource): KindType | undefined {
  if (paramKind === undefined) return undefined
  const parts = (paramKind.apiVersion ?? '').split('/')
  const [group, version] = parts.length === 1 ? ['', parts[0]] : parts
  return source.typeOf({ group: group ?? '', version: version ?? '', kind: paramKind.kind ?? '' })
}

interface CheckedAs {
  readonly kind: KindName
  readonly object: KindType
  readonly params: KindType | undefined
}

/** The expressions of a policy, with one kind as the object's. */
class Check {
  readonly #of: CheckedAs
  readonly #environments: AdmissionEnvironments
  readonly #variables = new Map<string, Type>()

  constructor({ variables = [] }: ValidatingAdmissionPolicySpec, of: CheckedAs, environments: AdmissionEnvironments) {
    this.#of = of
    this.#environments = environments
    for (const { name, expression } of variables) {
      const compiled = this.#compile(expression)
      this.#variables.set(name, compiled.ok ? compiled.program.type : dynType)
    }
  }

  problem(text: string): string | undefined {
    const compiled = this.#compile(text)
    return compiled.ok ? undefined : `${kindText(this.#of.kind)}: ${formatIssues(text, compiled.issues)}\n`
  }

  #compile(text: string): ReturnType<typeof compile> {
    const { object, params } = this.#of
    const variables = composedType(VARIABLES_TYPE, this.#variables)
    const environment = this.#environments.typed(
      { hasParams: false, hasNamespace: true, hasAuthorizer: true, variables },
      { object: object.type, params: params?.type, types: firstProvider([object.types, params?.types ?? noTypes]) },
    )
    return compile(environment, text)
  }
}

/** apps/v1, Kind=Deployment */
function kindText({ group, version, kind }: KindName): string {
  return `${group}/${version}, Kind=${kind}`
}
