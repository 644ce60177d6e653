import { duplicate, invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'
import type { ContainerResizePolicy } from '../../generated/types.ts'

/** KEP-1287: what of a container may change while it runs, and whether it has to start again for that. */
export const RESIZABLE: readonly string[] = ['cpu', 'memory']
const POLICIES = ['NotRequired', 'RestartContainer']

export function checkResizePolicies(
  errors: Errors, path: string, policies: readonly ContainerResizePolicy[], podRestartPolicy: string | undefined,
): void {
  const seen = new Set<string>()
  policies.forEach(({ resourceName = '', restartPolicy = '' }, index) => {
    if (seen.has(resourceName)) errors.push(duplicate(`${path}[${index}]`, resourceName))
    seen.add(resourceName)
    // Upstream leaves the index out of the paths of these.
    if (resourceName === '') errors.push(required(path))
    else if (!RESIZABLE.includes(resourceName)) errors.push(notSupported(path, resourceName, RESIZABLE))
    if (restartPolicy === '') errors.push(required(path))
    else if (!POLICIES.includes(restartPolicy)) errors.push(notSupported(path, restartPolicy, POLICIES))
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      errors.push(invalidValue(path, restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'"))
    }
  })
}
