import type { FieldError } from '../../objects/field-error.ts'
import { invalidValue, notSupported, required } from '../../objects/field-error.ts'
import type { Column, ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkImmutable, checkOneOfIfSet, checkUnique, sameValue } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { CSIDriver, CSIDriverSpec, StorageV1TokenRequest } from '../generated/types.ts'
import { plainResource, specOf } from '../plain-resource.ts'
import { ageColumn, textColumn } from '../table.ts'
import { MAX_TOKEN_SECONDS, MIN_TOKEN_SECONDS } from './reviews.ts'

const GROUP_POLICIES = ['File', 'None', 'ReadWriteOnceWithFSType']
const LIFECYCLE_MODES = ['Persistent', 'Ephemeral']
const NEEDED = ['attachRequired', 'podInfoOnMount', 'storageCapacity', 'seLinuxMount'] as const
/** Upstream's name of the field in errors. */
const ATTACH_REQUIRED = 'spec.attachedRequired'

function defaults(draft: CSIDriver): void {
  const spec = specOf(draft)
  spec.attachRequired ??= true
  spec.podInfoOnMount ??= false
  spec.storageCapacity ??= false
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType'
  if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ['Persistent']
  spec.requiresRepublish ??= false
  spec.seLinuxMount ??= false
}

function validate({ spec }: CSIDriver): FieldError[] {
  const errors: Errors = []
  for (const field of NEEDED) {
    if (spec?.[field] === undefined) errors.push(required(field === 'attachRequired' ? ATTACH_REQUIRED : `spec.${field}`))
  }
  checkOneOfIfSet(errors, 'spec', 'fsGroupPolicy', spec?.fsGroupPolicy, GROUP_POLICIES)
  checkTokens(errors, spec?.tokenRequests ?? [])
  for (const mode of spec?.volumeLifecycleModes ?? []) {
    if (!LIFECYCLE_MODES.includes(mode)) errors.push(notSupported('spec.volumeLifecycleModes', mode, LIFECYCLE_MODES))
  }
  return errors
}

/** One token for each audience; the empty one is the API server's. */
function checkTokens(errors: Errors, requests: readonly StorageV1TokenRequest[]): void {
  const audiences = new Set<string>()
  requests.forEach(({ audience = '', expirationSeconds: seconds }, index) => {
    const path = `spec.tokenRequests[${index}]`
    const isRepeated = audiences.has(audience)
    checkUnique(errors, path, 'audience', audience, audiences)
    if (isRepeated || seconds === undefined) return
    const field = `${path}.expirationSeconds`
    if (seconds < MIN_TOKEN_SECONDS) errors.push(invalidValue(field, seconds, 'may not specify a duration less than 10 minutes'))
    if (seconds > MAX_TOKEN_SECONDS) errors.push(invalidValue(field, seconds, 'may not specify a duration larger than 2^32 seconds'))
  })
}

function yesOrNo(name: string, description: string, cell: (spec: CSIDriverSpec) => boolean): Column<CSIDriver> {
  return { ...textColumn<CSIDriver>(name, description, ({ spec }) => cell(spec)), type: 'boolean' }
}

export const csiDrivers: ResourceDefinition<CSIDriver> = {
  ...plainResource,
  kind: kinds.CSIDriver,
  needsRevision: true,
  defaults,
  // A change counts as a new generation; a new driver has none.
  prepareForUpdate(draft, old) {
    if (sameValue(draft.spec, old.spec)) return
    draft.metadata = { ...draft.metadata, generation: (old.metadata.generation ?? 0) + 1 }
  },
  validateCreate: validate,
  validateUpdate(driver, old) {
    const errors = validate(driver)
    checkImmutable(errors, ATTACH_REQUIRED, driver.spec?.attachRequired, old.spec?.attachRequired)
    checkImmutable(errors, 'spec.volumeLifecycleModes', driver.spec?.volumeLifecycleModes, old.spec?.volumeLifecycleModes)
    return errors
  },
  columns: [
    yesOrNo('AttachRequired', 'Whether its volumes must be attached to a node.', ({ attachRequired }) => attachRequired ?? true),
    yesOrNo('PodInfoOnMount', 'Whether it is told of the pod.', ({ podInfoOnMount }) => podInfoOnMount ?? false),
    yesOrNo('StorageCapacity', 'Whether it says where it has room.', ({ storageCapacity }) => storageCapacity ?? false),
    textColumn('TokenRequests', 'Audiences of the tokens that it gets.', ({ spec }) =>
      spec.tokenRequests?.map(({ audience }) => audience).join(',') ?? '<unset>'),
    yesOrNo('RequiresRepublish', 'Whether it wants to be called again and again.', ({ requiresRepublish }) => requiresRepublish ?? false),
    textColumn('Modes', 'Kinds of volumes that it has.', ({ spec }) => (spec.volumeLifecycleModes ?? []).join(',') || '<none>'),
    ageColumn,
  ],
}
