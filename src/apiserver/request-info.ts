import { parseFieldSelector, requiredValue } from '../objects/field-selector.ts'
import { badRequest, isStatus, StatusError } from '../words/status-error.ts'
import type { RequestInfo } from './access.ts'

/** What a method and a path ask for. rest is what follows the subresource (proxy). */
export interface ParsedRequest extends RequestInfo {
  readonly rest: string
  readonly watch: boolean
}

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create', GET: 'get', HEAD: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete',
}

/** What may follow /namespaces/NAME/ and still mean the namespace itself. */
const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(['status', 'finalize'])

/**
 * GET /apis/apps/v1/namespaces/shop/deployments/web/scale is: get, apps, v1, shop, deployments, web, scale.
 * The name of a list or watch comes from fieldSelector=metadata.name=NAME, so that a role may name what it lets be watched.
 */
export function parseRequest(method: string, path: string, query: URLSearchParams): ParsedRequest {
  const segments = decodePath(path)
  const [root, first, second] = segments
  if (root === 'api' && first !== undefined && segments.length > 2) return parseResource(method, path, query, '', first, segments.slice(2))
  if (root === 'apis' && first !== undefined && second !== undefined && segments.length > 3) {
    return parseResource(method, path, query, first, second, segments.slice(3))
  }
  return {
    isResource: false, verb: method.toLowerCase(), group: '', version: '', resource: '', subresource: '', namespace: '', name: '',
    path, rest: '', watch: false,
  }
}

function parseResource(
  method: string, path: string, query: URLSearchParams, group: string, version: string, segments: readonly string[],
): ParsedRequest {
  const deprecatedWatch = segments[0] === 'watch' && segments.length > 1
  const target = scopeOf(deprecatedWatch ? segments.slice(1) : segments)
  const verb = deprecatedWatch ? 'watch' : (VERBS[method] ?? method.toLowerCase())
  const watch = verb === 'watch' || (verb === 'get' && target.name === '' && isTrue(query.get('watch')))
  const common = { isResource: true, group, version, path, watch }
  // The deprecated paths do not all look at selectors: nobody is let in because of one.
  if (deprecatedWatch) return { ...common, ...target, verb: 'watch' }
  if (watch) return { ...common, ...target, ...selectorsOf(query), verb: 'watch', name: nameInSelector(query) }
  if (target.name === '' && verb === 'get') {
    return { ...common, ...target, ...selectorsOf(query), verb: 'list', name: nameInSelector(query) }
  }
  if (target.name === '' && verb === 'delete') return { ...common, ...target, ...selectorsOf(query), verb: 'deletecollection' }
  return { ...common, ...target, verb }
}

interface Target {
  readonly namespace: string
  readonly resource: string
  readonly name: string
  readonly subresource: string
  readonly rest: string
}

function scopeOf(segments: readonly string[]): Target {
  const [first = '', second, third] = segments
  const inNamespace = first === 'namespaces' && second !== undefined
  const scoped = inNamespace && third !== undefined && !NAMESPACE_SUBRESOURCES.has(third)
  const parts = scoped ? segments.slice(2) : segments
  const [resource = '', name = '', subresource = ''] = parts
  return { namespace: inNamespace ? second : '', resource, name, subresource, rest: parts.slice(3).join('/') }
}

/** A parameter without a value counts as set, as upstream's conversion of booleans does. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false'
}

function selectorsOf(query: URLSearchParams): Pick<RequestInfo, 'fieldSelector' | 'labelSelector'> {
  const [fieldSelector, labelSelector] = [query.get('fieldSelector') ?? '', query.get('labelSelector') ?? '']
  return { ...(fieldSelector === '' ? {} : { fieldSelector }), ...(labelSelector === '' ? {} : { labelSelector }) }
}

function nameInSelector(query: URLSearchParams): string {
  const selector = query.get('fieldSelector')
  if (selector === null || !selector.includes('metadata.name')) return ''
  try {
    const name = requiredValue(parseFieldSelector(selector), 'metadata.name') ?? ''
    return name === '.' || name === '..' || name.includes('/') || name.includes('%') ? '' : name
  } catch (error) {
    // The list itself will say what is wrong with it.
    if (isStatus(error, 'BadRequest')) return ''
    throw error
  }
}

/**
 * Two readers of one path must never disagree about what it names (the authorizer about one object, the storage about another).
 * So nothing is normalized: empty, dot and encoded-slash segments are refused. One slash at the end is allowed, as upstream does.
 */
function decodePath(path: string): readonly string[] {
  if (!path.startsWith('/')) throw badRequest('the path must start with a slash')
  const segments = path.split('/')
  segments.shift()
  if (segments.at(-1) === '') segments.pop()
  if (!MAY_BE_TRICK.test(path)) return segments
  const elsewhere = startElsewhere(segments)
  return segments.map((segment, index) => {
    if (index >= elsewhere) return untouched(segment)
    const decoded = segment.includes('%') ? decodeSegment(segment) : segment
    if (isTrick(decoded)) throw unknownPath()
    return decoded
  })
}

/** From where on the path is another server's (proxy): it may have empty parts and encoded slashes, and is passed on as it came. */
function startElsewhere([root, , scope, , second, , fourth]: readonly string[]): number {
  if (root !== 'api' || scope === 'watch') return Infinity
  if (scope === 'namespaces') return fourth === 'proxy' ? 7 : Infinity
  return second === 'proxy' ? 5 : Infinity
}

/** Who may ask for it is not said by this part of a path; yet nobody on the way shall be tempted to take it for another. */
function untouched(segment: string): string {
  const decoded = segment.includes('%') ? decodeSegment(segment) : segment
  if (decoded.split('/').some((part) => part !== '' && isTrick(part))) throw unknownPath()
  return segment
}

/** What a path needs for any of its segments to be decoded or refused: nearly no path has it. */
const MAY_BE_TRICK = /\/\/|\/\.|[%\\\0]/

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw badRequest('the path holds a percent sign that does not start an encoded UTF-8 character')
  }
}

function isTrick(segment: string): boolean {
  return segment === '' || segment === '.' || segment === '..' || segment.includes('/') || segment.includes('\\') || segment.includes('\0')
}

/** What clients show for a path that nothing serves. */
export function unknownPath(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource')
}
