import type { Container, EphemeralContainer, PodSpec, ServiceAccount } from '../../resources/generated/types.ts'

const ANNOTATION = 'kubernetes.io/enforce-mountable-secrets'
/** As Go reads a boolean. */
const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])

/** Whether pods of the account may use only the secrets that it lists. */
export function isLimited({ metadata }: ServiceAccount): boolean {
  return TRUE.has(metadata.annotations?.[ANNOTATION] ?? '')
}

/** The first secret that a pod may not use, as a sentence. */
export function secretProblem(spec: PodSpec, account: ServiceAccount): string | undefined {
  const allowed = namesOf(account.secrets)
  const why = `is not allowed because service account ${account.metadata.name} does not reference that`
  for (const { secret } of spec.volumes ?? []) {
    const name = secret?.secretName ?? ''
    if (secret !== undefined && !allowed.has(name)) return `volume with secret.secretName="${name}" ${why} secret`
  }
  for (const container of spec.initContainers ?? []) {
    const problem = containerProblem(`init container ${container.name}`, container, allowed)
    if (problem !== undefined) return `${problem} ${why} secret`
  }
  for (const container of spec.containers ?? []) {
    const problem = containerProblem(`container ${container.name}`, container, allowed)
    if (problem !== undefined) return `${problem} ${why} secret`
  }
  const pulled = namesOf(account.imagePullSecrets)
  const index = (spec.imagePullSecrets ?? []).findIndex(({ name = '' }) => !pulled.has(name))
  return index === -1 ? undefined : `imagePullSecrets[${index}].name="${spec.imagePullSecrets?.[index]?.name ?? ''}" ${why} imagePullSecret`
}

/** The same of containers that are added to a running pod. */
export function ephemeralSecretProblem(spec: PodSpec, account: ServiceAccount): string | undefined {
  const allowed = namesOf(account.secrets)
  const why = `is not allowed because service account ${account.metadata.name} does not reference that secret`
  for (const container of spec.ephemeralContainers ?? []) {
    const problem = containerProblem(`ephemeral container ${container.name}`, container, allowed)
    if (problem !== undefined) return `${problem} ${why}`
  }
  return undefined
}

function containerProblem(who: string, container: Container | EphemeralContainer, allowed: ReadonlySet<string>): string | undefined {
  for (const { name, valueFrom } of container.env ?? []) {
    const secret = valueFrom?.secretKeyRef?.name
    if (secret !== undefined && !allowed.has(secret)) return `${who} with envVar ${name} referencing secret.secretName="${secret}"`
  }
  for (const { secretRef } of container.envFrom ?? []) {
    const secret = secretRef?.name
    if (secret !== undefined && !allowed.has(secret)) return `${who} with envFrom referencing secret.secretName="${secret}"`
  }
  return undefined
}

function namesOf(references: readonly { readonly name?: string }[] | undefined): ReadonlySet<string> {
  return new Set((references ?? []).map(({ name = '' }) => name))
}
