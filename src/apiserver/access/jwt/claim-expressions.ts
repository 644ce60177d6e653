import { isObject } from '../../../objects/json.ts'
import { userInfoSchema } from '../../../policy/cel/admission-schemas.ts'
import { extendEnvironment, type Environment } from '../../../policy/cel/environment.ts'
import { kubernetesEnvironment } from '../../../policy/cel/kubernetes-environment.ts'
import { declareNativeSchema } from '../../../policy/cel/openapi-types.ts'
import type { Program } from '../../../policy/cel/program.ts'
import { toJson } from '../../../policy/cel/to-json.ts'
import { dynType, mapType, stringType } from '../../../policy/cel/types.ts'
import { CelError } from '../../../policy/cel/values.ts'
import { present } from '../../../words/assert.ts'

/** Expressions over the claims of a token. */
export function claimsEnvironment(): Environment {
  return extendEnvironment(kubernetesEnvironment({ version: '1.32' }), { variables: { claims: mapType(stringType, dynType) } })
}

/** Expressions over the user that the claims became. */
export function userEnvironment(): Environment {
  const declared = present(declareNativeSchema(userInfoSchema, 'kubernetes.UserInfo'), 'the type of users')
  return extendEnvironment(kubernetesEnvironment({ version: '1.32' }), { variables: { user: declared.type }, types: declared.provider })
}

export type Evaluated = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly why: string }

/** The expression's value as JSON. What it failed at is told, not over which claims. */
export function evaluate(program: Program, input: Readonly<Record<string, unknown>>): Evaluated {
  const result = program.evaluate(input)
  if (!result.ok) return { ok: false, why: result.error.message }
  const value = toJson(result.value)
  return value instanceof CelError ? { ok: false, why: value.message } : { ok: true, value }
}

/** Whether the expression reads claims.FIELD, anywhere in it, as claims.?FIELD too. */
export function readsClaim(program: Program, field: string): boolean {
  const isRead = (node: unknown): boolean => {
    if (Array.isArray(node)) return node.some(isRead)
    if (!isObject(node)) return false
    if (node['kind'] === 'constant') return false
    if (node['kind'] === 'select' && isClaims(node['operand']) && node['field'] === field) return true
    if (node['kind'] === 'call' && Array.isArray(node['args'])) {
      const [operand, name] = node['args'] as readonly unknown[]
      if (isClaims(operand) && isObject(name) && name['kind'] === 'constant' && name['value'] === field) return true
    }
    return Object.values(node).some(isRead)
  }
  return isRead(program.checked.expr)
}

function isClaims(node: unknown): boolean {
  return isObject(node) && node['kind'] === 'ident' && node['name'] === 'claims'
}
