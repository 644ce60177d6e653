import { kinds } from '../../resources/generated/kinds.ts'
import { systemPriorityClasses } from '../../resources/kinds/priority-class.ts'
import type { Validator } from '../access.ts'

const NAMES: ReadonlySet<string> = new Set(systemPriorityClasses.map(({ metadata }) => metadata.name ?? ''))

/** Every cluster has the two classes of the system: pods of the system name them. */
export const systemPriorityClassesStay: Validator = {
  name: 'SystemPriorityClasses',
  matches: ({ operation, kind, key }) => operation === 'DELETE' && kind === kinds.PriorityClass && NAMES.has(key.name),
  review: () => ({ allowed: false, code: 403, message: 'this is a system priority class and cannot be deleted' }),
}
