import type { ResourceDefinition } from '../definition.ts'
import { kinds } from '../generated/kinds.ts'
import type { ServiceAccount } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { ageColumn, textColumn } from '../table.ts'

/** Secrets are listed by name: they are in the same namespace. */
function keepSecretNames(draft: ServiceAccount): void {
  if (draft.secrets !== undefined) draft.secrets = draft.secrets.map(({ name }) => (name === undefined ? {} : { name }))
}

const ENFORCE_ANNOTATION = 'kubernetes.io/enforce-mountable-secrets'
const ENFORCE_WARNING = `metadata.annotations[${ENFORCE_ANNOTATION}]: deprecated in v1.32+; ` +
  'prefer separate namespaces to isolate access to mounted secrets'

export const serviceAccounts: ResourceDefinition<ServiceAccount> = {
  ...plainResource,
  kind: kinds.ServiceAccount,
  prepareForCreate: keepSecretNames,
  prepareForUpdate: keepSecretNames,
  warnings(account, old) {
    const isNew = old?.metadata.annotations?.[ENFORCE_ANNOTATION] === undefined
    return isNew && account.metadata.annotations?.[ENFORCE_ANNOTATION] !== undefined ? [ENFORCE_WARNING] : []
  },
  columns: [textColumn('Secrets', 'Number of secrets that its pods may mount.', (account) => account.secrets?.length ?? 0), ageColumn],
  subresources: [{ name: 'token', kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }, verbs: ['create'] }],
}
