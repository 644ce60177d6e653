import type { FieldError } from '../../objects/field-error.ts'
import { invalidValue } from '../../objects/field-error.ts'
import type { Labels } from '../../objects/label-selector.ts'

/** From what is open to everything, over what keeps known escapes shut, to what is hardened. */
export type Level = 'privileged' | 'baseline' | 'restricted'

/** The minor of v1.N, or whatever the newest says. */
export type Version = number | 'latest'

export interface Standard {
  readonly level: Level
  readonly version: Version
}

/** What a namespace wants: pods that break enforce are refused, the others are told of. */
export interface NamespacePolicy {
  readonly enforce: Standard
  readonly audit: Standard
  readonly warn: Standard
}

const open: Standard = { level: 'privileged', version: 'latest' }
export const openPolicy: NamespacePolicy = { enforce: open, audit: open, warn: open }

const LEVELS: readonly Level[] = ['privileged', 'baseline', 'restricted']
const MODES = ['enforce', 'audit', 'warn'] as const
const PREFIX = 'pod-security.kubernetes.io/'
const VERSION = /^v1\.([0-9]|[1-9][0-9]*)$/

export interface ReadPolicy {
  readonly policy: NamespacePolicy
  /** What is wrong with the labels; the policy is the strict reading of them then. */
  readonly errors: readonly FieldError[]
}

/** The labels over the cluster's defaults. A level that is unknown counts as restricted for enforce, and as nothing for the others. */
export function policyOf(labels: Labels | undefined, defaults: NamespacePolicy = openPolicy): ReadPolicy {
  if (labels === undefined || !hasLabels(labels)) return { policy: defaults, errors: NO_ERRORS }
  const errors: FieldError[] = []
  const policy = { ...defaults }
  for (const mode of MODES) policy[mode] = { ...standardOf(errors, labels, mode, defaults[mode]) }
  return { policy, errors }
}

const NO_ERRORS: readonly FieldError[] = []

/** Nearly every namespace has none: then nothing is read. */
function hasLabels(labels: Labels): boolean {
  for (const name in labels) if (name.startsWith(PREFIX)) return true
  return false
}

function standardOf(errors: FieldError[], labels: Labels, mode: (typeof MODES)[number], otherwise: Standard): Standard {
  const [levelLabel, versionLabel] = [`${PREFIX}${mode}`, `${PREFIX}${mode}-version`]
  const [levelText, versionText] = [labels[levelLabel], labels[versionLabel]]
  let { level, version } = otherwise
  if (levelText !== undefined) {
    const known = LEVELS.find((name) => name === levelText)
    if (known === undefined) errors.push(invalidValue(`metadata.labels[${levelLabel}]`, levelText, `must be one of ${LEVELS.join(', ')}`))
    level = known ?? (mode === 'enforce' ? 'restricted' : 'privileged')
  }
  if (versionText !== undefined) {
    const known = parseVersion(versionText)
    if (known === undefined) errors.push(invalidValue(`metadata.labels[${versionLabel}]`, versionText, 'must be "latest" or "v1.x"'))
    version = known ?? 'latest'
  }
  return { level, version }
}

export function parseVersion(text: string): Version | undefined {
  if (text === 'latest') return 'latest'
  const match = VERSION.exec(text)
  return match === null ? undefined : Number(match[1])
}

/** restricted:v1.25 */
export function standardText({ level, version }: Standard): string {
  return `${level}:${version === 'latest' ? version : `v1.${version}`}`
}

export function sameStandard(a: Standard, b: Standard): boolean {
  return a.level === b.level && a.version === b.version
}

/** Above 0: a is the stricter one. */
export function compareLevels(a: Level, b: Level): number {
  return LEVELS.indexOf(a) - LEVELS.indexOf(b)
}

export function isOpen({ enforce, audit, warn }: NamespacePolicy): boolean {
  return enforce.level === 'privileged' && audit.level === 'privileged' && warn.level === 'privileged'
}

/** enforce=restricted:latest, warn=baseline:v1.20: what the labels themselves ask for. */
export function labelledStandards(labels: Labels | undefined, policy: NamespacePolicy): string {
  return MODES
    .filter((mode) => policy[mode].level !== 'privileged')
    .filter((mode) => (labels?.[`${PREFIX}${mode}`] ?? labels?.[`${PREFIX}${mode}-version`]) !== undefined)
    .map((mode) => `${mode}=${standardText(policy[mode])}`)
    .join(', ')
}
