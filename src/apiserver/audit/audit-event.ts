import { formatMicroTime } from '../../words/instant.ts'
import type { RequestInfo, User } from '../access.ts'
import type { ServerRequest } from '../http.ts'
import type { AuditLevel, AuditStage } from './audit-policy.ts'

/** An event as one line of JSON (audit.k8s.io/v1 Event), with its fields in the order in which upstream writes them. */
export type AuditLine = string

/** What an event tells. The texts are JSON already. */
export interface AuditFacts {
  readonly level: AuditLevel
  readonly id: string
  /** What does not change from stage to stage: see callerText. */
  readonly caller: string
  readonly reference: ObjectReference | undefined
  readonly statusText: string | undefined
  readonly requestText: string | undefined
  readonly responseText: string | undefined
  /** The answer is longer than an event may be: it was not made a text. */
  readonly isTooLong: boolean
  readonly receivedText: string
  readonly annotations: readonly (readonly [string, string])[]
}

/** The object that was asked for. Of lists and creates the name is ''. */
export interface ObjectReference {
  readonly resource: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly group: string
  readonly version: string
  readonly resourceVersion: string
  readonly subresource: string
}

const MAX_USER_AGENT_LENGTH = 1024
/** The objects of a longer event are left out of it, and an annotation says so: as with upstream's truncating back end. */
export const MAX_EVENT_LENGTH = 1024 * 1024
const TRUNCATED: readonly [string, string] = ['audit.k8s.io/truncated', 'true']

export function auditLine(facts: AuditFacts, stage: AuditStage, at: number): AuditLine {
  const objects = (facts.requestText?.length ?? 0) + (facts.responseText?.length ?? 0)
  if (!facts.isTooLong && objects <= MAX_EVENT_LENGTH) return lineOf(facts, stage, at)
  return lineOf({ ...facts, requestText: undefined, responseText: undefined, annotations: [...facts.annotations, TRUNCATED] }, stage, at)
}

function lineOf(facts: AuditFacts, stage: AuditStage, at: number): AuditLine {
  const { reference, statusText, requestText, responseText, annotations } = facts
  return `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"${facts.level}","auditID":${JSON.stringify(facts.id)},"stage":"${stage}"`
    + facts.caller
    + (reference === undefined ? '' : `,"objectRef":${referenceText(reference)}`)
    + (statusText === undefined ? '' : `,"responseStatus":${statusText}`)
    + (requestText === undefined ? '' : `,"requestObject":${requestText}`)
    + (responseText === undefined ? '' : `,"responseObject":${responseText}`)
    + `,"requestReceivedTimestamp":"${facts.receivedText}","stageTimestamp":"${formatMicroTime(at)}"`
    + (annotations.length === 0 ? '' : `,"annotations":{${annotationText(annotations)}}`)
    + '}'
}

function annotationText(annotations: AuditFacts['annotations']): string {
  const sorted = annotations.length > 2 ? annotations.toSorted(byKey) : annotations
  let text = ''
  for (const [key, value] of sorted) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${JSON.stringify(value)}`
  return text
}

export interface Caller {
  readonly request: Pick<ServerRequest, 'path' | 'query' | 'headers' | 'peer'>
  readonly verb: string
  /** UserInfo as JSON. */
  readonly user: string
  readonly impersonated: string | undefined
}

/** The fields from requestURI to userAgent, each with a comma before it. */
export function callerText({ request, verb, user, impersonated }: Caller): string {
  const agent = request.headers['user-agent'] ?? ''
  const uri = request.query === '' ? request.path : `${request.path}?${request.query}`
  return `,"requestURI":${JSON.stringify(uri)},"verb":${JSON.stringify(verb)},"user":${user}`
    + (impersonated === undefined ? '' : `,"impersonatedUser":${impersonated}`)
    + `,"sourceIPs":${JSON.stringify(sourceAddresses(request))}`
    + (agent === '' ? '' : `,"userAgent":${JSON.stringify(shortAgent(agent))}`)
}

function byKey([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : one > other ? 1 : 0
}

function shortAgent(agent: string): string {
  return agent.length > MAX_USER_AGENT_LENGTH ? `${agent.slice(0, MAX_USER_AGENT_LENGTH)}...TRUNCATED` : agent
}

/** authentication.k8s.io/v1 UserInfo; empty fields are left out. */
export function userText({ name, uid, groups, extra }: User): string {
  return JSON.stringify({
    ...(name === '' ? {} : { username: name }), ...(uid === '' ? {} : { uid }), ...(groups.length === 0 ? {} : { groups }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  })
}

export function referenceOf(info: RequestInfo): ObjectReference | undefined {
  if (!info.isResource) return undefined
  const { resource, namespace, name, group, version, subresource } = info
  return { resource, namespace, name, uid: '', group, version, resourceVersion: '', subresource }
}

function referenceText(reference: ObjectReference): string {
  const { namespace, name, uid, group, version, resourceVersion, subresource } = reference
  let text = `{"resource":${JSON.stringify(reference.resource)}`
  if (namespace !== '') text += `,"namespace":${JSON.stringify(namespace)}`
  if (name !== '') text += `,"name":${JSON.stringify(name)}`
  if (uid !== '') text += `,"uid":${JSON.stringify(uid)}`
  if (group !== '') text += `,"apiGroup":${JSON.stringify(group)}`
  if (version !== '') text += `,"apiVersion":${JSON.stringify(version)}`
  if (resourceVersion !== '') text += `,"resourceVersion":${JSON.stringify(resourceVersion)}`
  if (subresource !== '') text += `,"subresource":${JSON.stringify(subresource)}`
  return `${text}}`
}

const ADDRESS = /^[0-9a-fA-F:.]{2,45}$/

/** Who says to have passed it on, then who did connect. All but the last can be made up by the client. */
function sourceAddresses({ headers, peer }: Pick<ServerRequest, 'headers' | 'peer'>): readonly string[] {
  const forwarded = headers['x-forwarded-for']
  const real = headers['x-real-ip']
  const own = peer.address.replace(/^::ffff:(?=\d+\.)/, '')
  if (forwarded === undefined && real === undefined) return [own]
  const addresses = (forwarded ?? '').split(',').map((address) => address.trim()).filter((address) => ADDRESS.test(address))
  if (real !== undefined && ADDRESS.test(real) && !addresses.includes(real)) addresses.push(real)
  if (addresses.at(-1) !== own) addresses.push(own)
  return addresses
}
