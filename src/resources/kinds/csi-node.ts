import type { FieldError } from '../../objects/field-error.ts'
import { duplicate, invalidValue, required } from '../../objects/field-error.ts'
import { isLongerThan } from '../../words/bytes.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkImmutable, checkNotNegative, checkQualifiedName, checkUnique } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { CSINode, CSINodeDriver } from '../generated/types.ts'
import { checkDriverName } from '../name-checks.ts'
import { plainResource } from '../plain-resource.ts'
import { ageColumn, numberColumn } from '../table.ts'

const MAX_NODE_ID_LENGTH = 256

function validate({ spec }: CSINode): FieldError[] {
  const errors: Errors = []
  const names = new Set<string>()
  spec?.drivers?.forEach((driver, index) => {
    checkDriver(errors, `spec.drivers[${index}]`, driver, names)
  })
  return errors
}

function checkDriver(
  errors: Errors, path: string, { name = '', nodeID = '', allocatable, topologyKeys = [] }: CSINodeDriver, names: Set<string>,
): void {
  checkDriverName(errors, path, 'name', name)
  if (nodeID === '') errors.push(required(`${path}.nodeID`))
  if (isLongerThan(nodeID, MAX_NODE_ID_LENGTH)) {
    errors.push(invalidValue(`${path}.nodeID`, nodeID, `must be ${MAX_NODE_ID_LENGTH} characters or less`))
  }
  checkNotNegative(errors, `${path}.allocatable`, 'count', allocatable?.count)
  checkUnique(errors, path, 'name', name, names)
  const keys = new Set<string>()
  for (const key of topologyKeys) {
    if (key === '') errors.push(required(path))
    if (keys.has(key)) errors.push(duplicate(path, key))
    keys.add(key)
    checkQualifiedName(errors, path, '', key)
  }
}

export const csiNodes: ResourceDefinition<CSINode> = {
  ...plainResource,
  kind: kinds.CSINode,
  needsRevision: true,
  validateCreate: validate,
  validateUpdate(node, old) {
    const errors = validate(node)
    for (const driver of node.spec?.drivers ?? []) {
      const before = old.spec?.drivers?.find(({ name }) => name === driver.name)
      if (before !== undefined) checkImmutable(errors, 'spec.drivers', driver, before)
    }
    return errors
  },
  columns: [numberColumn('Drivers', 'Number of drivers on the node.', ({ spec }) => spec?.drivers?.length ?? 0), ageColumn],
}
