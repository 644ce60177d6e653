import type { User } from '../access.ts'

/** Group and user names that the API gives a meaning to. */
export const groups = {
  authenticated: 'system:authenticated',
  unauthenticated: 'system:unauthenticated',
  masters: 'system:masters',
  nodes: 'system:nodes',
  serviceAccounts: 'system:serviceaccounts',
} as const

export const anonymousUser: User = { name: 'system:anonymous', uid: '', groups: [groups.unauthenticated], extra: {} }

/** The extra that says which credentials were shown: JTI=... of a token, X509SHA256=... of a certificate. */
export const CREDENTIAL_ID = 'authentication.kubernetes.io/credential-id'

const SERVICE_ACCOUNT_PREFIX = 'system:serviceaccount:'
const NODE_PREFIX = 'system:node:'

export function serviceAccountUserName(namespace: string, name: string): string {
  return `${SERVICE_ACCOUNT_PREFIX}${namespace}:${name}`
}

/** system:serviceaccount:NAMESPACE:NAME -> its parts; undefined when the user is no service account. */
export function parseServiceAccountUserName(userName: string): { namespace: string; name: string } | undefined {
  if (!userName.startsWith(SERVICE_ACCOUNT_PREFIX)) return undefined
  const [namespace = '', name = '', ...rest] = userName.slice(SERVICE_ACCOUNT_PREFIX.length).split(':')
  return namespace === '' || name === '' || rest.length > 0 ? undefined : { namespace, name }
}

export function serviceAccountGroups(namespace: string): readonly string[] {
  return [groups.serviceAccounts, `${groups.serviceAccounts}:${namespace}`]
}

/** The node that this user is the agent of: system:node:NAME in the group system:nodes. */
export function nodeNameOf(user: User): string | undefined {
  if (!user.name.startsWith(NODE_PREFIX) || !user.groups.includes(groups.nodes)) return undefined
  return user.name.slice(NODE_PREFIX.length)
}

/** Adds system:authenticated to those who proved who they are. */
export function withAuthenticated(names: readonly string[]): readonly string[] {
  return names.includes(groups.authenticated) ? names : [...names, groups.authenticated]
}
