import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleMutatingWebhooks, sampleValidatingWebhooks } from '../../sample-extension-objects.testing.ts'
import { cellsOf, changed, created, createChecks } from '../checking.testing.ts'
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from './webhook-configuration.ts'

test('defaults of webhooks', () => {
  const common = {
    failurePolicy: 'Fail', matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {}, timeoutSeconds: 10,
    clientConfig: { service: { name: 'hooks', namespace: 'default', port: 443 } },
    rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: '*' }],
  }
  const sample = sampleMutatingWebhooks().webhooks?.[0]
  assert.deepEqual(created(mutatingWebhookConfigurations, sampleMutatingWebhooks()).webhooks, [{ ...sample, ...common, reinvocationPolicy: 'Never' }])
  assert.deepEqual(created(validatingWebhookConfigurations, sampleValidatingWebhooks()).webhooks, [{ ...sample, ...common }])
  assert.deepEqual(cellsOf(mutatingWebhookConfigurations, sampleMutatingWebhooks()), { Webhooks: 1, Age: '<unknown>' })
})

test('a webhook', () => {
  const checkAll = createChecks(validatingWebhookConfigurations, sampleValidatingWebhooks)
  const check = (field: string, value: unknown, ...expected: string[]): void => (
    checkAll({ [`webhooks[0].${field}`]: value }, ...expected.map((text) => `webhooks[0].${text}`)))
  checkAll({})
  checkAll({ webhooks: [] })
  checkAll({ 'webhooks[1]': sampleMutatingWebhooks().webhooks?.[0] }, 'webhooks[1].name: Duplicate value: "pods.hooks.example.com"')
  check('name', '', 'name: Required value')
  check('name', 'hooks.example', 'name: Invalid value: "hooks.example": should be a domain with at least three segments separated by dots')
  check('failurePolicy', 'Retry', 'failurePolicy: Unsupported value: "Retry": supported values: "Fail", "Ignore"')
  check('matchPolicy', 'x', 'matchPolicy: Unsupported value: "x": supported values: "Equivalent", "Exact"')
  check('sideEffects', undefined, 'sideEffects: Required value: must specify one of None, NoneOnDryRun')
  check('sideEffects', 'Some', 'sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"')
  check('timeoutSeconds', 31, 'timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds')
  check('admissionReviewVersions', [], 'admissionReviewVersions: Required value: must specify one of v1, v1beta1')
  check('admissionReviewVersions', ['v2', 'v2'], 'admissionReviewVersions[1]: Invalid value: "v2": duplicate version',
    'admissionReviewVersions: Invalid value: ["v2","v2"]: must include at least one of v1, v1beta1')
  check('namespaceSelector', { matchExpressions: [{ key: 'a', operator: 'Is' }] },
    'namespaceSelector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator')
  const condition = { name: 'a', expression: 'true' }
  check('matchConditions', [condition, condition, { name: 'b c', expression: ' ' }],
    'matchConditions[1].name: Duplicate value: "a"', 'matchConditions[2].expression: Required value',
    "matchConditions[2].name: Invalid value: \"b c\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an"
    + " alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')")
  const many = Array.from({ length: 65 }, (_, index) => ({ name: `c${index}`, expression: 'true' }))
  check('matchConditions', many, 'matchConditions: Too many: 65: must have at most 64 items')
})

test('where a webhook is', () => {
  const checkAll = createChecks(validatingWebhookConfigurations, sampleValidatingWebhooks)
  const check = (value: object, ...expected: string[]): void => (
    checkAll({ 'webhooks[0].clientConfig': value }, ...expected.map((text) => `webhooks[0].clientConfig${text}`)))
  const service = { name: 'hooks', namespace: 'default' }
  check({}, ': Required value: exactly one of url or service is required')
  check({ url: 'https://a', service }, ': Required value: exactly one of url or service is required')
  check({ url: 'https://hooks.example.com:8443/validate' })
  check({ url: 'http://a' }, ".url: Invalid value: \"http\": 'https' is the only allowed URL scheme; desired format: https://host[/path]")
  check({ url: 'https:///a' }, '.url: Invalid value: "": host must be provided; desired format: https://host[/path]')
  check({ url: 'https://me:pw@a/b?c=d#e' }, '.url: Invalid value: "me:pw": user information is not permitted in the URL',
    '.url: Invalid value: "e": fragments are not permitted in the URL', '.url: Invalid value: "c=d": query parameters are not permitted in the URL')
  const malformed = (url: string, problem: string): void => check({ url },
    `.url: Required value: url must be a valid URL: parse ${JSON.stringify(url)}: ${problem}; desired format: https://host[/path]`)
  malformed('https://a:b/', 'invalid port ":b" after host')
  malformed('https://a b/', 'invalid character " " in host name')
  malformed('https://a/%zz', 'invalid URL escape "%zz"')
  malformed('://a', 'missing protocol scheme')
  malformed('https://a/\n', 'net/url: invalid control character in URL')
  check({ url: 'https://[::1]:8443/validate' })
  check({ service: {} }, '.service.name: Required value: service name is required', '.service.namespace: Required value: service namespace is required')
  check({ service: { ...service, port: 70000 } }, '.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive')
  check({ service: { ...service, path: '/a/b/' } })
  check({ service: { ...service, path: '//' } }, '.service.path: Invalid value: "//": segment[0] may not be empty')
  check({ service: { ...service, path: '/a//b' } }, '.service.path: Invalid value: "/a//b": segment[1] may not be empty')
})

test('what a webhook is asked about', () => {
  const checkAll = createChecks(mutatingWebhookConfigurations, sampleMutatingWebhooks)
  const check = (change: object, ...expected: string[]): void => {
    const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], ...change }
    checkAll({ 'webhooks[0].rules[0]': rule }, ...expected.map((text) => `webhooks[0].rules[0].${text}`))
  }
  check({ operations: [] }, 'operations: Required value')
  check({ operations: ['*', 'CREATE'] }, "operations: Invalid value: [\"*\",\"CREATE\"]: if '*' is present, must not specify other operations")
  check({ operations: ['READ'] }, 'operations[0]: Unsupported value: "READ": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"')
  check({ apiGroups: [] }, 'apiGroups: Required value')
  check({ apiGroups: ['*', 'a'] }, "apiGroups: Invalid value: [\"*\",\"a\"]: if '*' is present, must not specify other API groups")
  check({ apiVersions: [''] }, 'apiVersions[0]: Required value')
  check({ scope: 'Galaxy' }, 'scope: Unsupported value: "Galaxy": supported values: "*", "Cluster", "Namespaced"')
  check({ resources: [] }, 'resources: Required value')
  check({ resources: ['*', 'pods/status', '*/scale'] })
  check({ resources: ['pods/*', 'pods/status'] }, "resources[1]: Invalid value: \"pods/status\": if 'pods/*' is present, must not specify pods/status")
  check({ resources: ['*/scale', 'deployments/scale'] },
    "resources[1]: Invalid value: \"deployments/scale\": if '*/scale' is present, must not specify deployments/scale")
  check({ resources: ['*/*', 'pods'] }, "resources: Invalid value: [\"*/*\",\"pods\"]: if '*/*' is present, must not specify other resources")
  check({ resources: ['*', 'pods'] }, "resources: Invalid value: [\"*\",\"pods\"]: if '*' is present, must not specify other resources without subresources")
})

test('the expressions of webhooks', () => {
  const object = changed(sampleMutatingWebhooks(), { 'webhooks[0].matchConditions': [{ name: 'a', expression: ' request.kind.kind == "Pod" ' }] })
  assert.deepEqual(mutatingWebhookConfigurations.expressionsOf(object), [
    { use: 'match-condition', path: 'webhooks[0].matchConditions[0].expression', text: 'request.kind.kind == "Pod"', name: '', hasParams: false },
  ])
})
