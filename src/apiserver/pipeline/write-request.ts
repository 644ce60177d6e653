import type { FieldSetPool } from '../../objects/apply/field-set-pool.ts'
import type { ObjectKey } from '../../objects/kube-object.ts'
import type { SchemaLookup } from '../../objects/schema.ts'
import type { Store } from '../../store/store.ts'
import type { Clock, Log, Random } from '../../words/ports.ts'
import { requireAllowed } from '../access/denial.ts'
import type { AuditNotes, Delays, Authorizer, ObjectReader, User } from '../access.ts'
import type { FieldValidation, WriteOptions } from '../options/write-options.ts'
import type { ServedResource } from '../resource-set.ts'
import type { ResourceSet } from '../resource-set.ts'
import type { FacetRoute } from '../route.ts'
import type { CacheFeed } from '../watch-cache/cache-feed.ts'
import type { Served } from '../watch-cache/cached-object.ts'
import type { Admission } from './admission.ts'
import type { ChargeLane } from './charge-lane.ts'
import type { RetryLane } from './retry-lane.ts'

/** One write on its way through the pipeline. */
export interface WriteRequest {
  readonly resource: ServedResource
  /** The name is '' for a create that leaves it to generateName, or names it in the body only. */
  readonly key: ObjectKey
  /** '', 'status', 'scale' or a facet. */
  readonly subresource: string
  readonly user: User
  readonly dryRun: boolean
  /** Who owns the fields that this write sets, for managed fields. */
  readonly manager: string
  readonly fieldValidation: FieldValidation
  /** Objects come from our own typed code: the schema need not be checked. */
  readonly trusted: boolean
  readonly signal: AbortSignal
  /** Undefined: nobody gave any. */
  readonly options?: WriteOptions | undefined
  /** Undefined: the audit does not want to hear of it. */
  readonly audit?: AuditNotes | undefined
  /** Undefined: the cluster's own parts ask. */
  readonly delays?: Delays | undefined
  warn(message: string): void
}

export interface Written {
  readonly served: Served
  readonly created: boolean
}

/** What the stages work with. */
export interface PipelineParts {
  readonly store: Store
  readonly feed: CacheFeed
  readonly resources: ResourceSet
  readonly schemas: SchemaLookup
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly reader: ObjectReader
  readonly admission: Admission
  /** For writes that turn out to be others than they were asked for as. */
  readonly authorizer: Authorizer
  readonly lane: RetryLane
  readonly charges: ChargeLane
  readonly sets: FieldSetPool
  readonly facets: ReadonlyMap<string, FacetRoute>
}

/** An update or a patch that makes what is not there needs the right to create it too. Throws 403. */
export async function requireCreate(
  { authorizer }: Pick<PipelineParts, 'authorizer'>, { resource, key, user }: WriteRequest,
): Promise<void> {
  const { group, version, plural } = resource.kind
  await requireAllowed(authorizer, user, {
    isResource: true, verb: 'create', group, version, resource: plural, subresource: '', ...key, path: '',
  })
}

/** group/plural/subresource */
export function facetId(group: string, plural: string, subresource: string): string {
  return `${group}/${plural}/${subresource}`
}

/** How errors name the resource. */
export function resourceName(resource: ServedResource): { group: string; resource: string } {
  return { group: resource.kind.group, resource: resource.kind.plural }
}
