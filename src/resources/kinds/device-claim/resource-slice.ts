import type { FieldError } from '../../../objects/field-error.ts'
import { invalidValue, required, tooLong } from '../../../objects/field-error.ts'
import { isLongerThan } from '../../../words/bytes.ts'
import type { ResourceDefinition } from '../../definition.ts'
import type { Errors } from '../../field-checks.ts'
import { checkDnsLabel, checkDnsSubdomain, checkImmutable, NOT_POSITIVE } from '../../field-checks.ts'
import { kinds } from '../../generated/kinds.ts'
import type { BasicDevice, Device, DeviceAttribute, NodeSelector, ResourcePool, ResourceSlice } from '../../generated/types.ts'
import { checkDriverName } from '../../name-checks.ts'
import { plainResource } from '../../plain-resource.ts'
import { ageColumn, textColumn } from '../../table.ts'
import { checkNodeSelector } from '../pod/scheduling-checks.ts'
import { checkCount, checkDuplicates } from './claim-checks.ts'
import { checkAttributeName, checkPoolName } from './device-names.ts'

const MAX_DEVICES = 128
const MAX_FACTS = 32
const MAX_VALUE = 64
/** A domain, a slash, and the name. */
const MAX_KEY = 63 + 1 + 32
const ELLIPSIS = '...'
const ONE_PLACE = 'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required'
const NUMBER = '(?:0|[1-9]\\d*)'
const PART = '(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)'
/** Semantic Versioning 2.0.0 */
const VERSION = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-${PART}(?:\\.${PART})*)?(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?$`)

function validate({ spec }: ResourceSlice): FieldError[] {
  const errors: Errors = []
  checkDriverName(errors, 'spec', 'driver', spec?.driver)
  checkPool(errors, spec?.pool ?? { name: '', generation: 0, resourceSliceCount: 0 })
  checkPlace(errors, spec ?? {})
  const devices = spec?.devices ?? []
  devices.forEach((device, index) => checkDevice(errors, `spec.devices[${index}]`, device))
  checkCount(errors, 'spec.devices', devices, MAX_DEVICES)
  checkDuplicates(errors, devices.map(({ name = '' }, index) => [`spec.devices[${index}].name`, name]))
  return errors
}

function checkPool(errors: Errors, { name, generation = 0, resourceSliceCount = 0 }: ResourcePool): void {
  checkPoolName(errors, 'spec.pool.name', name)
  if (resourceSliceCount <= 0) errors.push(invalidValue('spec.pool.resourceSliceCount', resourceSliceCount, NOT_POSITIVE))
  if (generation < 0) errors.push(invalidValue('spec.pool.generation', generation, 'must be greater than or equal to zero'))
}

interface Place {
  readonly nodeName?: string
  readonly nodeSelector?: NodeSelector
  readonly allNodes?: boolean
}

/** The nodes that reach its devices. */
function checkPlace(errors: Errors, { nodeName = '', nodeSelector, allNodes }: Place): void {
  const set: string[] = []
  if (nodeName !== '') {
    set.push('`nodeName`')
    checkDnsSubdomain(errors, 'spec', 'nodeName', nodeName)
  }
  if (nodeSelector !== undefined) {
    set.push('`nodeSelector`')
    checkNodeSelector(errors, 'spec.nodeSelector', nodeSelector)
    const terms = nodeSelector.nodeSelectorTerms ?? []
    if (terms.length !== 1) {
      errors.push(invalidValue('spec.nodeSelector.nodeSelectorTerms', terms, 'must have exactly one node selector term'))
    }
  }
  if (allNodes === true) set.push('`allNodes`')
  if (set.length === 0) errors.push(required('spec', ONE_PLACE))
  if (set.length > 1) errors.push(invalidValue('spec', `{${set.join(', ')}}`, `${ONE_PLACE}, but multiple fields are set`))
}

function checkDevice(errors: Errors, path: string, { name, basic }: Device): void {
  checkDnsLabel(errors, path, 'name', name)
  if (basic === undefined) errors.push(required(`${path}.basic`))
  else checkFacts(errors, `${path}.basic`, basic)
}

function checkFacts(errors: Errors, path: string, { attributes = {}, capacity = {} }: BasicDevice): void {
  for (const [name, attribute] of Object.entries(attributes)) {
    const field = `${path}.attributes[${shortKey(name)}]`
    checkAttributeName(errors, field, name)
    checkAttribute(errors, field, attribute)
  }
  for (const name of Object.keys(capacity)) checkAttributeName(errors, `${path}.capacity[${shortKey(name)}]`, name)
  const count = Object.keys(attributes).length + Object.keys(capacity).length
  if (count > MAX_FACTS) {
    errors.push(invalidValue(path, count, `the total number of attributes and capacities must not exceed ${MAX_FACTS}`))
  }
}

/** What is longer than a name can be is shown without its middle. */
function shortKey(name: string): string {
  if (name.length <= MAX_KEY) return name
  const shown = MAX_KEY - ELLIPSIS.length
  return name.slice(0, Math.ceil(shown / 2)) + ELLIPSIS + name.slice(name.length - Math.floor(shown / 2))
}

function checkAttribute(errors: Errors, path: string, attribute: DeviceAttribute): void {
  const { bool, int, string, version } = attribute
  if (string !== undefined && isLongerThan(string, MAX_VALUE)) errors.push(tooLong(`${path}.string`, MAX_VALUE))
  if (version !== undefined && !VERSION.test(version)) {
    errors.push(invalidValue(`${path}.version`, version, 'must be a string compatible with semver.org spec 2.0.0'))
  }
  if (version !== undefined && isLongerThan(version, MAX_VALUE)) errors.push(tooLong(`${path}.version`, MAX_VALUE))
  const count = [bool, int, string, version].filter((value) => value !== undefined).length
  const detail = 'exactly one value must be specified'
  if (count === 0) errors.push(required(path, detail))
  else if (count > 1) errors.push(invalidValue(path, attribute, detail))
}

export const resourceSlices: ResourceDefinition<ResourceSlice> = {
  ...plainResource,
  kind: kinds.ResourceSlice,
  validateCreate: validate,
  validateUpdate(slice, old) {
    const errors = validate(slice)
    checkImmutable(errors, 'spec.pool.name', slice.spec?.pool?.name, old.spec?.pool?.name)
    checkImmutable(errors, 'spec.driver', slice.spec?.driver, old.spec?.driver)
    checkImmutable(errors, 'spec.nodeName', slice.spec?.nodeName, old.spec?.nodeName)
    return errors
  },
  generationOf: 'spec',
  columns: [
    textColumn('Node', 'The node that has its devices.', ({ spec }) => spec.nodeName ?? ''),
    textColumn('Driver', 'Who offers them.', ({ spec }) => spec.driver),
    textColumn('Pool', 'The pool that it is a part of.', ({ spec }) => spec.pool.name),
    ageColumn,
  ],
  selectableFields: { 'spec.nodeName': ({ spec }) => spec?.nodeName ?? '', 'spec.driver': ({ spec }) => spec?.driver ?? '' },
}
