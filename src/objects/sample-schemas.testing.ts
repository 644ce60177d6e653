import type { Field, ListSchema, ObjectSchema, ScalarType, Schema } from './schema.ts'

/** A small API for tests, with one of everything: a Deployment-like kind whose template has a Pod's most telling fields. */
type FieldOptions = { readonly required?: true; readonly merge?: true; readonly mergeKey?: string }

function scalar(type: ScalarType): Schema {
  return { type }
}

function field(schema: Schema, { required, merge, mergeKey }: FieldOptions = {}): Field {
  return {
    schema,
    required: required === true,
    merge: merge === true,
    mergeKey,
    retainKeys: false,
    omitsEmpty: required !== true && ['list', 'map', 'boolean'].includes(schema.type),
    number: 0,
  }
}

function object(name: string, fields: Readonly<Record<string, Field>>, atomic = false): ObjectSchema {
  return { type: 'object', name, fields: new Map(Object.entries(fields)), atomic }
}

function list(items: Schema, kind: 'atomic' | 'set' | 'map' = 'atomic', keys: readonly string[] = []): ListSchema {
  return { type: 'list', items, list: kind, keys }
}

function mapOf(values: Schema, atomic = false): Schema {
  return { type: 'map', values, atomic }
}

const string = scalar('string')

const objectMeta = object('meta.v1.ObjectMeta', {
  name: field(string), namespace: field(string), uid: field(string), resourceVersion: field(string), generation: field(scalar('int64')),
  creationTimestamp: field(scalar('time')), labels: field(mapOf(string)), annotations: field(mapOf(string)),
  finalizers: field(list(string, 'set'), { merge: true }), managedFields: field(list({ type: 'any' })),
})

const port = object('core.v1.ContainerPort', {
  name: field(string), containerPort: field(scalar('int32'), { required: true }), protocol: field(string), hostPort: field(scalar('int32')),
})

const envVar = object('core.v1.EnvVar', { name: field(string, { required: true }), value: field(string) })

const container = object('core.v1.Container', {
  name: field(string, { required: true }), image: field(string), args: field(list(string)),
  env: field(list(envVar, 'map', ['name']), { merge: true, mergeKey: 'name' }),
  ports: field(list(port, 'map', ['containerPort', 'protocol']), { merge: true, mergeKey: 'containerPort' }),
  limits: field(mapOf(scalar('quantity'))), probePort: field(scalar('int-or-string')), tty: field(scalar('boolean')),
})

const podSpec = object('core.v1.PodSpec', {
  containers: field(list(container, 'map', ['name']), { required: true, merge: true, mergeKey: 'name' }),
  nodeSelector: field(mapOf(string, true)), terminationGracePeriodSeconds: field(scalar('int64')),
  tolerations: field(list(object('core.v1.Toleration', { key: field(string), effect: field(string) }))),
})

const strategy = object('apps.v1.Strategy', {
  type: field(string),
  rollingUpdate: field(
    object('apps.v1.RollingUpdate', { maxSurge: field(scalar('int-or-string')), maxUnavailable: field(scalar('int-or-string')) })
  ),
})

const template = object('core.v1.PodTemplateSpec', { metadata: field(objectMeta), spec: field(podSpec) })

export const deploymentSchema = object('apps.v1.Deployment', {
  apiVersion: field(string), kind: field(string), metadata: field(objectMeta),
  spec: field(object('apps.v1.DeploymentSpec', {
    replicas: field(scalar('int32')), strategy: field(strategy), template: field(template, { required: true }),
    paused: field(scalar('boolean')),
    selector: field(object('meta.v1.LabelSelector', { matchLabels: field(mapOf(string)) }, true)),
    extra: field({ type: 'any' }), data: field(mapOf(scalar('bytes'))), renewTime: field(scalar('micro-time')),
    ratio: field(scalar('double')),
  })),
  status: field(object('apps.v1.DeploymentStatus', { readyReplicas: field(scalar('int32')) })),
})
