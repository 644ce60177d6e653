import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleApiService } from '../sample-extension-objects.testing.ts'
import { apiServices } from './api-service.ts'
import { cellsOf, changed, created, createChecks, messagesOf } from './checking.testing.ts'

test('an APIService', () => {
  const check = createChecks(apiServices, sampleApiService)
  check({})
  check({ 'metadata.name': 'v2.example.com' }, 'metadata.name: Invalid value: "v2.example.com": must be `spec.version+"."+spec.group`: "v1.example.com"')
  check({ 'metadata.name': 'v2.', 'spec.group': '', 'spec.version': 'v2' }, 'spec.group: Required value: only v1 may have an empty group and it better be legacy kube')
  check({ 'spec.groupPriorityMinimum': 0 }, 'spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000')
  check({ 'spec.versionPriority': 1001 }, 'spec.versionPriority: Invalid value: 1001: must be positive and less than 1000')
  check({ 'spec.service': { port: -1 } }, 'spec.service.namespace: Required value', 'spec.service.name: Required value',
    'spec.service.port: Invalid value: -1: port is not valid: must be between 1 and 65535, inclusive')
  check({ 'spec.caBundle': 'AAAA' }, 'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present')
  check({ 'spec.service': undefined, 'spec.caBundle': 'AAAA' }, 'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
    'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify')
})

test('the status of an APIService', () => {
  const remote = created(apiServices, sampleApiService())
  assert.deepEqual([remote.spec?.service?.port, remote.status], [443, {}])
  assert.deepEqual(cellsOf(apiServices, remote), { Service: 'default/api', Available: 'Unknown', Age: '<unknown>' })
  const local = created(apiServices, changed(sampleApiService(), { 'spec.service': undefined, 'spec.insecureSkipTLSVerify': undefined }))
  assert.deepEqual(cellsOf(apiServices, local), { Service: 'Local', Available: 'True', Age: '<unknown>' })
  const down = changed(remote, { 'status.conditions': [{ type: 'Available', status: 'False', reason: 'MissingEndpoints' }] })
  assert.equal(cellsOf(apiServices, down)['Available'], 'False (MissingEndpoints)')
  const odd = changed(remote, { 'status.conditions': [{ type: 'Available', status: 'Perhaps' }] })
  assert.deepEqual(messagesOf(apiServices.status?.validateUpdate(odd, remote) ?? []),
    ['status.conditions[0].status: Unsupported value: "Perhaps": supported values: "True", "False", "Unknown"'])
})
