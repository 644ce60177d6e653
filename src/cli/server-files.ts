import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from './errors.ts'

/** Files of the administrator that the server reads or writes: absolute paths, kept in the cluster's configuration. */
export interface ServerFiles {
  /** apiserver.config.k8s.io/v1 EncryptionConfiguration */
  readonly encryptionConfig?: string
  /** audit.k8s.io/v1 Policy */
  readonly auditPolicy?: string
  /** Written; logs/audit.log of the data directory where only a policy is given. */
  readonly auditLog?: string
  /** A kubeconfig that names the server which gets the events. */
  readonly auditWebhookConfig?: string
  /** apiserver.config.k8s.io AuthenticationConfiguration */
  readonly authenticationConfig?: string
  /** apiserver.config.k8s.io AuthorizationConfiguration */
  readonly authorizationConfig?: string
  /** apiserver.config.k8s.io AdmissionConfiguration */
  readonly admissionConfig?: string
  /** A kubeconfig that names the server which reviews tokens. */
  readonly tokenWebhookConfig?: string
}

type FileName = keyof ServerFiles

const OPTIONS: Readonly<Record<FileName, string>> = {
  encryptionConfig: '--encryption-config',
  auditPolicy: '--audit-policy',
  auditLog: '--audit-log',
  auditWebhookConfig: '--audit-webhook-config',
  authenticationConfig: '--authentication-config',
  authorizationConfig: '--authorization-config',
  admissionConfig: '--admission-config',
  tokenWebhookConfig: '--token-webhook-config',
}
const NAMES = Object.keys(OPTIONS) as FileName[]

/** What is in force after `up` with these options: one that is left out stays as it was, an empty path takes the setting away. */
export function changedServerFiles(known: ServerFiles, asked: ServerFiles): ServerFiles {
  const changed: Partial<Record<FileName, string>> = {}
  for (const name of NAMES) {
    const given = asked[name]
    const path = given === undefined ? known[name] : given === '' ? undefined : resolve(given)
    if (path === undefined) continue
    if (given !== undefined && name !== 'auditLog' && !existsSync(path)) throw new UsageError(`${OPTIONS[name]}: there is no file ${path}`)
    changed[name] = path
  }
  if (changed.auditPolicy === undefined && (changed.auditLog ?? changed.auditWebhookConfig) !== undefined) {
    throw new UsageError('nothing is audited without a policy: give one with --audit-policy FILE')
  }
  return changed
}

export function sameServerFiles(one: ServerFiles, other: ServerFiles): boolean {
  return NAMES.every((name) => one[name] === other[name])
}
