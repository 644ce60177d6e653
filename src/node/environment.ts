import type { ConfigMap, Container, EnvVar, EnvVarSource, Pod, Secret, Service } from '../resources/generated/types.ts'
import { fromBase64, textOf } from '../words/bytes.ts'
import type { DownwardFacts } from './downward-api.ts'
import { fieldValue, resourceValue } from './downward-api.ts'
import { expand } from './expansion.ts'
import { serviceVariables } from './service-environment.ts'

/** The objects that a pod refers to, as they are now; undefined where there is none. */
export interface PodReferences {
  configMap(name: string): ConfigMap | undefined
  secret(name: string): Secret | undefined
}

export interface EnvironmentInput {
  readonly pod: Pod
  readonly container: Container
  readonly references: PodReferences
  /** Of the pod's namespace, and kubernetes of the default namespace. */
  readonly services: readonly Service[]
  readonly facts: DownwardFacts
}

/** The variables of a container: envFrom, then env (which may refer to what comes before), then services. Throws with what is missing. */
export function environment(input: EnvironmentInput): { name: string; value: string }[] {
  const { pod, container } = input
  const services = serviceVariables(input.services, pod.metadata.namespace ?? '', pod.spec?.enableServiceLinks !== false)
  const variables = new Map<string, string>()
  for (const source of container.envFrom ?? []) {
    const data = source.configMapRef !== undefined
      ? configMapData(input, source.configMapRef.name ?? '', source.configMapRef.optional === true)
      : source.secretRef !== undefined ? secretData(input, source.secretRef.name ?? '', source.secretRef.optional === true) : undefined
    for (const [key, value] of Object.entries(data ?? {})) {
      const name = `${source.prefix ?? ''}${key}`
      if (isVariableName(name)) variables.set(name, value)
    }
  }
  for (const variable of container.env ?? []) {
    const value = valueOf(input, variable, (name) => variables.get(name) ?? services.get(name))
    if (value !== undefined) variables.set(variable.name, value)
  }
  for (const [name, value] of services) if (!variables.has(name)) variables.set(name, value)
  return Array.from(variables, ([name, value]) => ({ name, value }))
}

/** Any printable ASCII but the equals sign. */
function isVariableName(name: string): boolean {
  return /^[\x20-\x3c\x3e-\x7e]+$/.test(name)
}

function valueOf(input: EnvironmentInput, variable: EnvVar, known: (name: string) => string | undefined): string | undefined {
  if (variable.value !== undefined && variable.value !== '') return expand(variable.value, known)
  return variable.valueFrom === undefined ? '' : sourceValue(input, variable.valueFrom)
}

/** Undefined: an optional reference without an object or key; the variable is left out. */
function sourceValue(input: EnvironmentInput, source: EnvVarSource): string | undefined {
  const { pod, container, facts } = input
  if (source.fieldRef !== undefined) return fieldValue(pod, source.fieldRef, facts)
  if (source.resourceFieldRef !== undefined) return resourceValue(pod, source.resourceFieldRef, container, facts)
  const reference = source.configMapKeyRef ?? source.secretKeyRef
  if (reference === undefined) return ''
  const isOptional = reference.optional === true
  const name = reference.name ?? ''
  const isSecret = source.configMapKeyRef === undefined
  const data = isSecret ? secretData(input, name, isOptional) : configMapData(input, name, isOptional)
  if (data === undefined) return undefined
  const value = Object.hasOwn(data, reference.key) ? data[reference.key] : undefined
  if (value === undefined && !isOptional) {
    throw new Error(`couldn't find key ${reference.key} in ${isSecret ? 'Secret' : 'ConfigMap'} ${pod.metadata.namespace ?? ''}/${name}`)
  }
  return value
}

function configMapData({ references }: EnvironmentInput, name: string, isOptional: boolean): Readonly<Record<string, string>> | undefined {
  const found = references.configMap(name)
  if (found === undefined && !isOptional) throw new Error(`configmap ${JSON.stringify(name)} not found`)
  return found === undefined ? undefined : (found.data ?? {})
}

function secretData({ references }: EnvironmentInput, name: string, isOptional: boolean): Readonly<Record<string, string>> | undefined {
  const found = references.secret(name)
  if (found === undefined && !isOptional) throw new Error(`secret ${JSON.stringify(name)} not found`)
  if (found === undefined) return undefined
  const decoded: Record<string, string> = {}
  for (const [key, value] of Object.entries(found.data ?? {})) decoded[key] = textOf(fromBase64(value) ?? new Uint8Array())
  return decoded
}
