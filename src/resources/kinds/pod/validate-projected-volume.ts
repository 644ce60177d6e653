import { forbiddenField, invalidValue, required } from '../../../objects/field-error.ts'
import { dnsSubdomainErrors } from '../../../objects/names.ts'
import type { Errors } from '../../field-checks.ts'
import { checkLabelSelector, checkPresent } from '../../field-checks.ts'
import type { ClusterTrustBundleProjection, ServiceAccountTokenProjection, VolumeProjection } from '../../generated/types.ts'
import { checkFilePath } from './path-checks.ts'
import { checkDownwardFile, checkKeysToPaths } from './volume-files.ts'

const MIN_TOKEN_SECONDS = 600
const MAX_TOKEN_SECONDS = 2 ** 32

/** Several sources in one directory: no two may write the same file. */
export function checkProjected(errors: Errors, path: string, sources: readonly VolumeProjection[]): void {
  const taken = new Set<string>()
  const take = (file: string | undefined, shown: string): void => {
    if (file === undefined || file === '') return
    if (taken.has(file)) errors.push(invalidValue(path, shown, 'conflicting duplicate paths'))
    taken.add(file)
  }
  sources.forEach((source, index) => {
    const here = `${path}.sources[${index}]`
    for (const type of ['secret', 'configMap'] as const) {
      const projection = source[type]
      if (projection === undefined) continue
      checkPresent(errors, `${here}.${type}`, 'name', projection.name)
      checkKeysToPaths(errors, `${here}.${type}`, projection.items)
      for (const item of projection.items ?? []) take(item.path, projection.name ?? '')
    }
    for (const file of source.downwardAPI?.items ?? []) {
      checkDownwardFile(errors, `${here}.downwardAPI`, file)
      take(file.path, file.path)
    }
    if (source.serviceAccountToken !== undefined) checkToken(errors, path, `${here}.serviceAccountToken`, source.serviceAccountToken)
    if (source.clusterTrustBundle !== undefined) {
      checkTrustBundle(errors, `${here}.clusterTrustBundle`, source.clusterTrustBundle)
      take(source.clusterTrustBundle.path, source.clusterTrustBundle.path)
    }
    if (sourceCount(source) > 1) errors.push(forbiddenField(here, 'may not specify more than 1 volume type per source'))
  })
}

function sourceCount(source: VolumeProjection): number {
  let count = 0
  for (const type in source) if (source[type as keyof VolumeProjection] !== undefined) count++
  return count
}

// The path of the token is reported below the volume, as upstream does.
function checkToken(
  errors: Errors,
  volumePath: string,
  path: string,
  { expirationSeconds = 0, path: file = '' }: ServiceAccountTokenProjection
): void {
  const field = `${path}.expirationSeconds`
  if (expirationSeconds < MIN_TOKEN_SECONDS) {
    errors.push(invalidValue(field, expirationSeconds, 'may not specify a duration less than 10 minutes'))
  } else if (expirationSeconds > MAX_TOKEN_SECONDS) {
    errors.push(invalidValue(field, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'))
  }
  if (file === '') errors.push(required(`${volumePath}.path`))
  else checkFilePath(errors, `${volumePath}.path`, file)
}

function checkTrustBundle(errors: Errors, path: string, bundle: ClusterTrustBundleProjection): void {
  const { name, signerName, labelSelector } = bundle
  if (name !== undefined && signerName !== undefined) {
    errors.push(invalidValue(path, bundle, 'only one of name and signerName may be used'))
  } else if (name !== undefined) {
    if (name === '') errors.push(required(`${path}.name`, 'must be a valid object name'))
    for (const problem of dnsSubdomainErrors(name)) {
      errors.push(invalidValue(`${path}.name`, name, `not a valid clustertrustbundlename: ${problem}`))
    }
    if (labelSelector !== undefined) {
      errors.push(invalidValue(`${path}.labelSelector`, labelSelector, 'labelSelector must be unset if name is specified'))
    }
  } else if (signerName !== undefined) {
    if (signerName === '') errors.push(required(`${path}.signerName`, 'must be a valid signer name'))
    checkLabelSelector(errors, `${path}.labelSelector`, labelSelector)
  } else errors.push(required(path, 'either name or signerName must be specified'))
  if ((bundle.path ?? '') === '') errors.push(required(`${path}.path`))
  checkFilePath(errors, `${path}.path`, bundle.path ?? '')
}
