import { internalError } from '../../words/status-error.ts'
import type { Authorizer, RequestInfo, User } from '../access.ts'
import type { ServerRequest } from '../http.ts'
import { requireAllowed } from './denial.ts'
import { headerKey, headerValue, headerValues } from './header-values.ts'
import { anonymousUser, groups, parseServiceAccountUserName, serviceAccountGroups, withAuthenticated } from './subjects.ts'

const EXTRA_PREFIX = 'impersonate-extra-'

interface Wanted {
  readonly name: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: ReadonlyMap<string, readonly string[]>
}

/** The user that the request acts as: user itself, or the one named by Impersonate-* headers if user may act as all of it. */
export function impersonate(user: User, headers: ServerRequest['headers'], authorizer: Authorizer): User | Promise<User> {
  const wanted = wantedUser(headers)
  if (wanted === undefined) return user
  const acted: User = { name: wanted.name, uid: wanted.uid, groups: groupsOf(wanted), extra: Object.fromEntries(wanted.extra) }
  const pending = requireAll(checks(wanted), user, authorizer)
  return pending === undefined ? acted : pending.then(() => acted)
}

/** One after the other: what is refused first is what the user is told. */
function requireAll(questions: Iterator<RequestInfo>, user: User, authorizer: Authorizer): Promise<void> | undefined {
  for (let next = questions.next(); next.done !== true; next = questions.next()) {
    const pending = requireAllowed(authorizer, user, next.value)
    if (pending !== undefined) return pending.then(() => requireAll(questions, user, authorizer))
  }
  return undefined
}

function wantedUser(headers: ServerRequest['headers']): Wanted | undefined {
  const name = headerValue(headers['impersonate-user'])
  const uid = headerValue(headers['impersonate-uid'])
  const groupNames = headerValues(headers['impersonate-group'])
  const extra = extraOf(headers)
  if (name !== '') return { name, uid, groups: groupNames, extra }
  if (uid === '' && groupNames.length === 0 && extra.size === 0) return undefined
  const asked = [
    ...groupNames.map((group) => `{Group  ${group}    }`),
    ...[...extra].flatMap(([key, values]) => values.map((value) => `{UserExtra  ${value}  authentication.k8s.io/v1  ${key}}`)),
    ...(uid === '' ? [] : [`{UID  ${uid}  authentication.k8s.io/v1  }`]),
  ]
  throw internalError(`requested [${asked.join(' ')}] without impersonating a user`)
}

function extraOf(headers: ServerRequest['headers']): ReadonlyMap<string, readonly string[]> {
  let extra: Map<string, readonly string[]> | undefined
  for (const name in headers) {
    if (name.startsWith(EXTRA_PREFIX)) (extra ??= new Map()).set(headerKey(name.slice(EXTRA_PREFIX.length)), headerValues(headers[name]))
  }
  return extra ?? NO_EXTRA
}

const NO_EXTRA: ReadonlyMap<string, readonly string[]> = new Map()

/** Whoever acts as a user is given the group that says so, unless it was said which of the two it should be. */
function groupsOf(wanted: Wanted): readonly string[] {
  if (wanted.name === anonymousUser.name) {
    return wanted.groups.includes(groups.unauthenticated) ? wanted.groups : [...wanted.groups, groups.unauthenticated]
  }
  const account = parseServiceAccountUserName(wanted.name)
  const named = wanted.groups.length > 0 || account === undefined ? wanted.groups : serviceAccountGroups(account.namespace)
  return named.includes(groups.unauthenticated) ? named : withAuthenticated(named)
}

function* checks(wanted: Wanted): Iterator<RequestInfo> {
  const account = parseServiceAccountUserName(wanted.name)
  if (account === undefined) yield check('', 'users', wanted.name)
  else yield { ...check('', 'serviceaccounts', account.name), namespace: account.namespace }
  for (const group of wanted.groups) yield check('', 'groups', group)
  for (const [key, values] of wanted.extra) {
    for (const value of values) yield { ...check('authentication.k8s.io', 'userextras', value), subresource: key }
  }
  if (wanted.uid !== '') yield check('authentication.k8s.io', 'uids', wanted.uid)
}

function check(group: string, resource: string, name: string): RequestInfo {
  return { isResource: true, verb: 'impersonate', group, version: 'v1', resource, subresource: '', namespace: '', name, path: '' }
}
