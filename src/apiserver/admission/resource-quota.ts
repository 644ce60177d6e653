import { chargeQuotas } from '../../policy/quota/charge.ts'
import { countedResources, countUsage } from '../../policy/quota/count.ts'
import { uncovered } from '../../policy/quota/coverage.ts'
import type { LimitedResource } from '../../policy/quota/coverage.ts'
import { isCountable, isOfResource } from '../../policy/quota/resource-names.ts'
import type { UsageOf } from '../../policy/quota/resource-usage.ts'
import { sameJson } from '../../objects/json.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { PersistentVolumeClaim, Pod, ResourceQuota } from '../../resources/generated/types.ts'
import { isTerminalPhase } from '../../resources/kinds/pod/phase.ts'
import type { Clock } from '../../words/ports.ts'
import { forbidden } from '../../words/status-error.ts'
import type { AdmissionRequest, Mutator, ObjectReader, Validator } from '../access.ts'
import type { Bookkeeper, Charge } from '../charge.ts'
import { isSubresourceOf, isWrite } from './targets.ts'
import { ALLOWED, forbiddenBecause } from './verdicts.ts'

export interface QuotaParts {
  readonly usageOf: UsageOf
  readonly clock: Clock
}

/** ResourceQuotas keep account of what is in their namespace: charged in the transaction that stores an object, or takes it away. */
export function quotaBookkeeper({ usageOf, clock, reader }: QuotaParts & { readonly reader: ObjectReader }): Bookkeeper {
  return {
    accounts: kinds.ResourceQuota,
    chargeOf(request, after) {
      if (!mayChangeUsage(request, after) || !isLimited(request, reader)) return undefined
      return chargeFor(request, after, { usageOf, clock })
    },
  }
}

/** A quota that is about other kinds holds nobody up. */
function isLimited({ kind, key }: AdmissionRequest, reader: ObjectReader): boolean {
  return reader.list(kinds.ResourceQuota, key.namespace).some(({ spec, status }) => limits(spec?.hard, kind) || limits(status?.hard, kind))
}

function limits(hard: Record<string, string> | undefined, kind: KindRef): boolean {
  for (const name in hard) if (isOfResource(kind, name)) return true
  return false
}

function chargeFor(request: AdmissionRequest, after: KubeObject | undefined, { usageOf, clock }: QuotaParts): Charge {
  const { kind, key, old } = request
  const change = { resource: kind, before: old, after, enforced: isEnforced(request) }
  return {
    namespace: key.namespace,
    apply(accounts) {
      const quotas = accounts as readonly ResourceQuota[]
      // A quota that goes need not remember that it went.
      const own = isQuota(kind) ? quotas.findIndex(({ metadata }) => metadata.name === key.name) : -1
      const others = own === -1 ? quotas : quotas.filter((_, index) => index !== own)
      const charged = chargeQuotas(others, change, usageOf, clock.now())
      if (charged.outcome === 'refused') throw forbidden({ group: kind.group, resource: kind.plural }, key.name, charged.why)
      return own === -1 ? charged.quotas : charged.quotas.toSpliced(own, 0, ...quotas.slice(own, own + 1))
    },
  }
}

function isQuota({ group, plural }: KindRef): boolean {
  return plural === kinds.ResourceQuota.plural && group === ''
}

/** Of most kinds only how many there are is counted; of these an update may change what they use. */
function mayChangeUsage({ operation, kind, subresource, old }: AdmissionRequest, after: KubeObject | undefined): boolean {
  if (!isCountable(kind)) return false
  if (after === undefined) return true
  if (operation === 'CREATE') return subresource === ''
  if (kind.group !== '' || old === undefined) return false
  switch (kind.plural) {
    case 'pods': return specOf(after) !== specOf(old) || hasEnded(after) !== hasEnded(old)
    case 'services': return specOf(after) !== specOf(old)
    case 'persistentvolumeclaims': return specOf(after) !== specOf(old) || !sameJson(allocatedOf(after), allocatedOf(old))
    default: return false
  }
}

/** The pipeline makes what is equal the same, so that the many writes of a status are told apart for nothing. */
function specOf(object: KubeObject): unknown {
  return (object as Pod).spec
}

function hasEnded(object: KubeObject): boolean {
  return isTerminalPhase((object as Pod).status?.phase)
}

function allocatedOf(object: KubeObject): Record<string, string> {
  return (object as PersistentVolumeClaim).status?.allocatedResources ?? {}
}

/** What nobody asked for now is only counted: the end of a pod, what a volume turned out to have. */
function isEnforced({ operation, kind, subresource }: AdmissionRequest): boolean {
  if (operation === 'CREATE') return true
  if (operation !== 'UPDATE') return false
  return kind.plural === 'pods' ? subresource === 'resize' : subresource === ''
}

/** A dry run is charged to nobody, but hears whether it would be refused. */
export function quotaDryRun(bookkeeper: Bookkeeper): Validator {
  return {
    name: 'ResourceQuota',
    matches: (request) => request.dryRun && isWrite(request),
    review(request, reader) {
      const charge = request.key.namespace === '' ? undefined : bookkeeper.chargeOf(request, request.object)
      charge?.apply(reader.list(kinds.ResourceQuota, request.key.namespace))
      return ALLOWED
    },
  }
}

/** Some things may be used only where a quota allows them: pods of the system's priority classes, costly devices. */
export function quotaCover(limited: readonly LimitedResource[], { usageOf, clock }: QuotaParts): Validator {
  return {
    name: 'ResourceQuota',
    matches: ({ operation, kind, subresource }) =>
      operation === 'CREATE' && subresource === '' && limited.some(({ group, plural }) => plural === kind.plural && group === kind.group),
    review({ kind, key, object }, reader) {
      if (object === undefined) return ALLOWED
      const problem = uncovered(reader.list(kinds.ResourceQuota, key.namespace), limited, kind, object, usageOf(kind, object, clock.now()))
      return problem === undefined ? ALLOWED : forbiddenBecause(problem)
    },
  }
}

export interface QuotaCountParts extends QuotaParts {
  /** What is served now. */
  servedKinds(): readonly KindRef[]
}

/**
 * Whoever writes the status of a quota: what is used is what the caches hold at that moment. They show one revision of the store, and
 * every charge writes the quota, so that this count is right whenever the write succeeds; a counter that looks from outside may be late.
 */
export function quotaCount({ usageOf, clock, servedKinds }: QuotaCountParts): Mutator {
  return {
    name: 'ResourceQuotaCount',
    matches: (request) => request.operation === 'UPDATE' && isSubresourceOf(request, '', 'resourcequotas', 'status'),
    admit(request, reader) {
      const quota = request.object as ResourceQuota
      if (quota.status?.hard === undefined) return
      const used = countUsage(quota, contentOf(quota, servedKinds(), reader), usageOf, clock.now())
      quota.status = { ...quota.status, used: onlyOf(used, quota.status.hard) }
    },
  }
}

function contentOf(quota: ResourceQuota, served: readonly KindRef[], reader: ObjectReader) {
  const namespace = quota.metadata.namespace ?? ''
  const onePerResource = new Map(served.filter(({ namespaced }) => namespaced).map((kind) => [`${kind.group}/${kind.plural}`, kind]))
  return countedResources(quota, [...onePerResource.values()]).map((resource) => ({ resource, objects: reader.list(resource, namespace) }))
}

function onlyOf(used: Record<string, string>, hard: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(used).filter(([name]) => hard[name] !== undefined))
}
