import { isObject, type JsonObject } from '../../objects/json.ts'
import type { WebhookCall, WebhookCaller } from '../webhooks/webhook-caller.ts'

export const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
export const V1 = '/apis/example.com/v1/namespaces/default/doors'
export const V2 = '/apis/example.com/v2/namespaces/default/doors'

const schemas = {
  v1: { host: { type: 'string' }, port: { type: 'integer' }, open: { type: 'boolean' } },
  v2: { hostPort: { type: 'string' }, open: { type: 'boolean' } },
}

export interface DoorsChange {
  readonly stored?: 'v1' | 'v2'
  readonly strategy?: 'None' | 'Webhook'
  readonly v1?: object
  readonly v2?: object
  readonly spec?: object
}

/** Doors: v1 has a host and a port, v2 has both in one text. */
export function doors({ stored = 'v1', strategy = 'Webhook', ...change }: DoorsChange = {}): JsonObject {
  const version = (name: 'v1' | 'v2'): object => ({
    name, served: true, storage: name === stored,
    subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } },
    selectableFields: [{ jsonPath: name === 'v1' ? '.spec.host' : '.spec.hostPort' }],
    schema: { openAPIV3Schema: { type: 'object', properties: {
      spec: { type: 'object', properties: { ...schemas[name], replicas: { type: 'integer' }, ...change[name] } },
      status: { type: 'object', properties: { phase: { type: 'string' }, replicas: { type: 'integer' } } },
    } } },
  })
  const webhook = { clientConfig: { url: 'https://hook.example.com/convert' }, conversionReviewVersions: ['v1'] }
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'doors.example.com' },
    spec: {
      group: 'example.com', scope: 'Namespaced', names: { plural: 'doors', kind: 'Door' }, versions: [version('v1'), version('v2')],
      conversion: strategy === 'None' ? { strategy } : { strategy, webhook }, ...change.spec,
    },
  }
}

export function door(version: 'v1' | 'v2', name: string, spec: object, metadata: object = {}): JsonObject {
  return { apiVersion: `example.com/${version}`, kind: 'Door', metadata: { name, ...metadata }, spec }
}

export interface ConversionHook extends WebhookCaller {
  /** 'v1->v2 a,b' of each call since this was last read. */
  calls(): string[]
  readonly asked: WebhookCall[]
  /** Instead of the answer that is right. */
  answer: ((right: JsonObject) => unknown) | undefined
}

/** A webhook that converts doors. */
export function conversionHook(): ConversionHook {
  let told = 0
  const hook: ConversionHook = {
    asked: [],
    answer: undefined,
    calls() {
      const fresh = hook.asked.slice(told)
      told = hook.asked.length
      return fresh.map(({ body }) => {
        const { objects, desiredAPIVersion } = requestOf(body)
        const short = (version: unknown): string => String(version).replace('example.com/', '')
        return `${short(objects[0]?.['apiVersion'])}->${short(desiredAPIVersion)} ${objects.map((object) => nameOf(object)).join(',')}`
      })
    },
    async call(call) {
      hook.asked.push(call)
      const right = answerTo(call.body)
      const answer = await (hook.answer === undefined ? right : hook.answer(right))
      return answer as JsonObject
    },
  }
  return hook
}

export function answerTo(body: JsonObject): JsonObject {
  const { uid, objects, desiredAPIVersion } = requestOf(body)
  const convertedObjects = objects.map(
    (object) => ({ ...object, apiVersion: desiredAPIVersion, spec: specAs(desiredAPIVersion, object['spec']) }),
  )
  return { kind: 'ConversionReview', apiVersion: body['apiVersion'], response: { uid, result: { status: 'Success' }, convertedObjects } }
}

function specAs(apiVersion: string, spec: unknown): JsonObject {
  const { host, port, hostPort, ...rest } = isObject(spec) ? spec : {}
  if (apiVersion === 'example.com/v2') {
    return { ...rest, ...(host === undefined ? {} : { hostPort: `${String(host)}:${String(port ?? 80)}` }) }
  }
  const [first, second] = String(hostPort ?? '').split(':')
  return { ...rest, ...(hostPort === undefined ? {} : { host: first, port: Number(second) }) }
}

function requestOf(body: JsonObject): { uid: unknown; objects: JsonObject[]; desiredAPIVersion: string } {
  const request = isObject(body['request']) ? body['request'] : {}
  const objects = Array.isArray(request['objects']) ? request['objects'].filter(isObject) : []
  return { uid: request['uid'], objects, desiredAPIVersion: String(request['desiredAPIVersion']) }
}

function nameOf(object: JsonObject): string {
  return isObject(object['metadata']) ? String(object['metadata']['name']) : ''
}
