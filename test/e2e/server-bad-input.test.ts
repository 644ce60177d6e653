/** Requests that are wrong, each told so by a Status that says what and where; afterwards the server is as it was. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { errorLines, failureOf, startServer, type Api, type CallOptions, type ServerBed } from './server-bed.testing.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const YAML = 'application/yaml'
const MIB = 1024 * 1024

let bed: ServerBed
let api: Api
let soundSpec: unknown
before(async () => {
  bed = await startServer('server-input')
  api = bed.connect()
  const sound = await api.call('POST', DEPLOYMENTS, { body: deployment() })
  assert.equal(sound.status, 201, sound.text)
  soundSpec = sound.json['spec']
})
after(async () => {
  api.close()
  await bed.remove()
})

function configMap(name: unknown, more: { readonly metadata?: object; readonly [field: string]: unknown } = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', ...more, metadata: { name, ...more.metadata } }
}

function pod(name: string, container: object = {}, spec: object = {}): object {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'c', image: 'i', ...container }], ...spec } }
}

function deployment(): object {
  const template = { metadata: { labels: { app: 'sound' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'sound' }, spec: { replicas: 0, selector: { matchLabels: { app: 'sound' } }, template } }
}

/** expected: the code and, for a failure, how its reason and message begin or what they match. */
type Row = readonly [method: string, path: string, options: CallOptions, expected: string | RegExp]

async function check(rows: readonly Row[]): Promise<void> {
  for (const [method, path, options, expected] of rows) {
    const what = `${method} ${path.slice(0, 120)} ${String(options.body instanceof Uint8Array ? options.body.length : JSON.stringify(options.body)).slice(0, 120)}`
    const answer = await api.call(method, path, options)
    const told = answer.status < 300 ? String(answer.status) : failureOf(answer)
    if (typeof expected === 'string') assert(told.startsWith(expected), `${what}\n  told:     ${told.slice(0, 400)}\n  expected: ${expected}`)
    else assert.match(told.slice(0, 4000), expected, what)
    assert(told.length < 100_000, `${what}: a message of ${told.length} characters`)
  }
}

/** The server did not crash, is well, serves what it stored, and nobody's prototype was changed. */
async function checkSound(): Promise<void> {
  const [health, stored] = await Promise.all([api.call('GET', '/readyz'), api.call('GET', `${DEPLOYMENTS}/sound`)])
  assert.deepEqual([health.status, health.text], [200, 'ok'])
  assert.deepEqual(stored.json['spec'], soundSpec)
  assert.deepEqual(errorLines(bed.log()), [])
}

function post(body: unknown, expected: Row[3], type = 'application/json', path = CONFIG_MAPS): Row {
  return ['POST', path, { body, type }, expected]
}

test('bodies that are no JSON', async () => {
  const head = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}'
  await check([
    post(head, "400 BadRequest: json parse error: expected ',' or '}' at line 1, column 62"),
    post('{\n "a": tru\n}', '400 BadRequest: json parse error: unexpected character where a value should begin at line 2, column 7'),
    post('', '400 BadRequest: json parse error: unexpected end at line 1, column 1'),
    post('null', '400 BadRequest: the body must be one object'),
    post('[]', '400 BadRequest: the body must be one object'),
    post(`${head},"data":{"a":"\0"}}`, '400 BadRequest: json parse error: a control character stands in a string at line 1, column 76'),
    post(Buffer.from('{"a":1}', 'utf16le'), /^400 BadRequest: json parse error: .* at line 1, column 2$/),
    post(`${head},"x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, '400 BadRequest: json parse error: more than 1000 levels at line 1'),
    post('['.repeat(2_000_000), '400 BadRequest: json parse error: more than 1000 levels at line 1, column 1001'),
    post(Buffer.from('k8s\0garbage'), '400 BadRequest: the body is not a valid protocol buffer: ', 'application/vnd.kubernetes.protobuf'),
    post('garbage', '400 BadRequest: the body is not a valid protocol buffer: it does not start with', 'application/vnd.kubernetes.protobuf'),
    post(configMap('x'), '415 UnsupportedMediaType: the body of the request was in an unknown format', 'text/plain'),
  ])
  await checkSound()
})

test('bodies that are no YAML, or are bombs', async () => {
  const letters = [...'abcdefgh']
  const aliases = `a: &a [${Array(9).fill('x')}]\n${letters.slice(1).map((name, index) => `${name}: &${name} [${Array(9).fill(`*${letters[index]}`)}]`).join('\n')}`
  const merges = `x: &x {${Array.from({ length: 20_000 }, (_, index) => `k${index}: v`)}}\ny: {<<: [*x, *x, *x, *x]}`
  await check([
    post('a: [1\nb: 2', /^400 BadRequest: yaml: .* at line 2, column 1$/, YAML),
    post('a:\n\tb: 1', /^400 BadRequest: yaml: tab characters .* at line 2, column 1$/, YAML),
    post(aliases, '400 BadRequest: yaml: the document expands to more than 1000000 values', YAML),
    post(merges, /^400 BadRequest: yaml: merge keys exceeded .* at line 2/, YAML),
    post('a: &a [*a]', '400 BadRequest: yaml: more than 1000 levels, or an alias within its own anchor', YAML),
    post('['.repeat(100_000), '400 BadRequest: yaml: nesting exceeded maxDepth', YAML),
    post('- '.repeat(1_500_000), '400 BadRequest: yaml: nesting exceeded maxDepth', YAML),
    post(`x: [${'[],'.repeat(1_000_000)}]`, '400 BadRequest: yaml: the document expands to more than 1000000 values', YAML),
    post(`"${'\n'.repeat(3_000_000)}`, /^400 BadRequest: yaml: unexpected end of the stream/, YAML),
    post('---\n'.repeat(700_000), '400 BadRequest: ', YAML),
    post('a: 1\n---\nb: 1\n', '400 BadRequest: yaml: the body has more than one document', YAML),
    post('a: !!js/function "x"', '400 BadRequest: yaml: unknown scalar tag', YAML),
    post(Buffer.from([0, 1, 2, 3, 255]), '400 BadRequest: yaml: null byte is not allowed in input at line 1, column 1', YAML),
    post('<<: {__proto__: {polluted: 1}}\nkind: ConfigMap', '400 BadRequest: yaml: the key __proto__ is not supported', YAML),
    post('{kind: ConfigMap, [a]: b}', /^400 BadRequest: yaml: .*complex keys at line 1/, YAML),
  ])
  await checkSound()
})

test('fields of the wrong type, named by their path', async () => {
  const wrong = (kind: string, what: string): string => `400 BadRequest: ${kind} in version "v1" cannot be handled as a ${kind}: json: cannot unmarshal ${what}`
  await check([
    post({ apiVersion: 'v1', kind: 'Pod', metadata: 'x' }, wrong('Pod', 'string into Go struct field Pod.metadata of type v1.ObjectMeta'), undefined, PODS),
    post({ ...pod('p'), spec: { containers: {} } }, wrong('Pod', 'object into Go struct field PodSpec.spec.containers of type []v1.Container'), undefined, PODS),
    post({ ...pod('p'), spec: { containers: ['a'] } }, wrong('Pod', 'string into Go struct field PodSpec.spec.containers of type v1.Container'), undefined, PODS),
    post({ ...pod('p'), spec: { containers: null } }, '422 Invalid: Pod "p" is invalid: spec.containers: Required value', undefined, PODS),
    post({ ...pod('p'), spec: { containers: [null] } }, '422 Invalid: Pod "p" is invalid: [spec.containers[0].name: Required value, spec.containers[0].image: Required value]', undefined, PODS),
    post(configMap('x', { metadata: { labels: { a: 1 } } }), wrong('ConfigMap', 'number into Go struct field ObjectMeta.metadata.labels of type string')),
    post(configMap('x', { data: { a: {} } }), wrong('ConfigMap', 'object into Go struct field ConfigMap.data of type string')),
    post(configMap(1), wrong('ConfigMap', 'number into Go struct field ObjectMeta.metadata.name of type string')),
    post(configMap('x', { apiVersion: 1 }), '400 BadRequest: the object has no valid kind and apiVersion'),
    post(configMap('x', { kind: 'Secret' }), /^400 BadRequest: .*v1, Kind=Secret does not match v1, Kind=ConfigMap/),
    post(configMap('x', { metadata: { resourceVersion: '5' } }), '400 BadRequest: resourceVersion should not be set on objects to be created'),
    post(configMap('x', { metadata: { namespace: 'other' } }), '400 BadRequest: the namespace of the provided object does not match the namespace sent on the request'),
    post(configMap('x'), '404 NotFound: namespaces "nope" not found', undefined, '/api/v1/namespaces/nope/configmaps'),
    // No double holds it: that is said before anybody asks what the field is.
    post('{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"x"},"spec":{"replicas":1e400}}', /^400 BadRequest: .*cannot unmarshal number 1e400/, undefined, DEPLOYMENTS),
    ...['1.5', '99999999999', '"3"'].map((replicas) =>
      post(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"x"},"spec":{"replicas":${replicas}}}`, /^400 BadRequest: .*DeploymentSpec\.spec\.replicas of type int32/, undefined, DEPLOYMENTS)),
  ])
  await checkSound()
})

test('unknown and duplicate fields under Strict, Warn and Ignore', async () => {
  const unknown = { ...pod('p', { imag: 1 }, { foo: {} }), bar: 1, constructor: {} }
  const twice = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","name":"b"},"spec":{"containers":[{"name":"c","image":"a","image":"b"}]}}'
  const twiceYaml = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  name: b\nspec:\n  containers:\n  - {name: c, image: b}\n'
  const strict = '400 BadRequest: Pod in version "v1" cannot be handled as a Pod: strict decoding error: '
  const at = (validation: string): string => `${PODS}?dryRun=All&fieldValidation=${validation}`
  await check([
    post(unknown, `${strict}unknown field "spec.containers[0].imag", unknown field "spec.foo", unknown field "bar", unknown field "constructor"`, undefined, at('Strict')),
    post(twice, `${strict}duplicate field "metadata.name", duplicate field "spec.containers[0].image"`, undefined, at('Strict')),
    post(twiceYaml, /^400 BadRequest: .*line 5/, YAML, at('Strict')),
    post(twiceYaml, '201', YAML, at('Warn')),
    post(twiceYaml, '201', YAML, at('Ignore')),
    post(unknown, '422 Invalid: CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Foo"', undefined, at('Foo')),
  ])
  const warnings = async (body: unknown, validation: string): Promise<string> => (await api.call('POST', at(validation), { body })).headers['warning'] ?? ''
  assert.equal(await warnings(unknown, 'Warn'), ['spec.containers[0].imag', 'spec.foo', 'bar', 'constructor'].map((field) => `299 - "unknown field \\"${field}\\""`).join(', '))
  assert.equal(await warnings(twice, 'Warn'), '299 - "duplicate field \\"metadata.name\\"", 299 - "duplicate field \\"spec.containers[0].image\\""')
  assert.deepEqual([await warnings(unknown, 'Ignore'), await warnings(twice, 'Ignore')], ['', ''])
  // A hundred thousand of them must make neither a message nor headers of megabytes.
  const many = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"m"},${Array.from({ length: 100_000 }, (_, index) => `"key-${index}":1`)}}`
  await check([post(many, `${strict}unknown field "key-0"`, undefined, at('Strict'))])
  assert((await warnings(many, 'Warn')).length < 8_192)
  await checkSound()
})

test('names that JavaScript objects have of their own are ordinary names', async () => {
  const own = { constructor: 'a', toString: 'b', hasOwnProperty: 'c' }
  await check([
    post(configMap('constructor', { metadata: { labels: own, annotations: own }, data: own }), '201'),
    ['GET', `${CONFIG_MAPS}/constructor`, {}, '200'],
    ...['toString', '__proto__', 'valueOf'].map((name): Row => ['GET', `${CONFIG_MAPS}/${name}`, {}, `404 NotFound: configmaps "${name}" not found`]),
    ...['/api/v1/constructor', '/api/v1/namespaces/default/__proto__', '/apis/toString/v1', '/apis/constructor/v1/x', `${CONFIG_MAPS}/constructor/constructor`].map((path): Row =>
      ['GET', path, {}, '404 NotFound: the server could not find the requested resource']),
    post('{"__proto__":{"x":1},"kind":"ConfigMap"}', '400 BadRequest: json parse error: the key __proto__ is not supported at line 1, column 2'),
    post('{"\\u005f_proto__":{"x":1},"kind":"ConfigMap"}', '400 BadRequest: json parse error: the key __proto__ is not supported at line 1, column 2'),
    post(configMap('__proto__'), '422 Invalid: ConfigMap "__proto__" is invalid: metadata.name: Invalid value: "__proto__"'),
    post(pod('x', {}, { restartPolicy: 'toString', dnsPolicy: 'constructor' }),
      /^422 Invalid: .*spec\.restartPolicy: Unsupported value: "toString".*spec\.dnsPolicy: Unsupported value: "constructor"/, undefined, PODS),
    ['GET', `${CONFIG_MAPS}?fieldSelector=__proto__%3Da`, {}, '400 BadRequest: "__proto__" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    ['PATCH', `${DEPLOYMENTS}/sound`, { body: [{ op: 'add', path: '/constructor/prototype/polluted', value: 1 }], type: 'application/json-patch+json' }, '422 Invalid: '],
  ])
  const matching = async (selector: string): Promise<number> => {
    const { items } = (await api.call('GET', `${CONFIG_MAPS}?labelSelector=${encodeURIComponent(selector)}`)).json
    return Array.isArray(items) ? items.length : -1
  }
  assert.deepEqual([await matching('constructor=a'), await matching('toString in (b)'), await matching('valueOf'), await matching('constructor!=a,!toString')], [1, 1, 0, 1])
  await checkSound()
})

test('invalid names, labels and sizes', async () => {
  const tooLong = 'x'.repeat(254)
  await check([
    ...['A', 'a_b', '-a', '..', 'a/b', '%2f', ' ', 'ü', 'a\n', tooLong].map((name) => post(configMap(name), '422 Invalid: ConfigMap "')),
    post(configMap('x\0y'), '422 Invalid: ConfigMap "x\0y" is invalid: metadata.name: Invalid value: "x\\u0000y"'),
    post(configMap(''), '422 Invalid: ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'),
    post(configMap('x', { metadata: { labels: { a: 'v'.repeat(1_000_000) } } }), /^422 Invalid: ConfigMap "x" is invalid: metadata\.labels: Invalid value: /),
    post(configMap('x', { metadata: { labels: { ['k'.repeat(1_000_000)]: 'v' } } }), /^422 Invalid: ConfigMap "x" is invalid: metadata\.labels: Invalid value: /),
    post(configMap('x', { metadata: { annotations: { a: 'v'.repeat(300_000) } } }), /^422 Invalid: ConfigMap "x" is invalid: metadata\.annotations: Too long: may not be more than 262144 bytes/),
    post(configMap('x', { data: { a: 'v'.repeat(1_100_000) } }), '422 Invalid: ConfigMap "x" is invalid: []: Too long: may not be more than 1048576 bytes'),
    post(Buffer.alloc(3 * MIB + 1, ' '), '413 RequestEntityTooLarge: the request body is larger than 3145728 bytes'),
    ['PUT', `${CONFIG_MAPS}/kube-root-ca.crt`, { body: configMap('x') }, '400 BadRequest: the name of the object (x) does not match the name on the URL (kube-root-ca.crt)'],
    ['PUT', `${CONFIG_MAPS}/kube-root-ca.crt`, { body: configMap('kube-root-ca.crt', { metadata: { resourceVersion: '1' } }) }, '409 Conflict: '],
    ['DELETE', `${CONFIG_MAPS}/kube-root-ca.crt`, { body: { preconditions: { uid: 'x' } } }, '409 Conflict: Operation cannot be fulfilled on ConfigMap "kube-root-ca.crt": the UID in the precondition (x)'],
    ['DELETE', `${CONFIG_MAPS}/kube-root-ca.crt`, { body: { propagationPolicy: 'Sideways' } }, '422 Invalid: DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Sideways"'],
  ])
  await checkSound()
})

test('selectors, revisions, limits and continue tokens that make no sense', async () => {
  const token = (parts: object): string => `continue=${Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', ...parts })).toString('base64url')}`
  const list = (query: string, expected: Row[3]): Row => ['GET', `${CONFIG_MAPS}?${query}`, {}, expected]
  const label = (selector: string, expected: string): Row => list(`labelSelector=${encodeURIComponent(selector)}`, `400 BadRequest: ${expected}`)
  const invalidToken = '400 BadRequest: invalid continue token: continue key is not valid: '
  const requirements = (count: number): string => Array.from({ length: count }, (_, index) => `a${index}`).join()
  await check([
    label('=a', "found '=', expected: "), label('a in (', "unable to parse requirement: found ''"), label('a in ()', 'unable to parse requirement: values: '),
    label('a,,b', "found ',', expected: identifier after ','"), label('a>b', 'unable to parse requirement: values[0]: Invalid value: "b"'),
    label('-a=1', 'unable to parse requirement: '), label(`a=${'x'.repeat(64)}`, 'unable to parse requirement: values[0][a]: '), label('a=\0', 'unable to parse requirement: '),
    list('fieldSelector=spec.foo%3D1', '400 BadRequest: "spec.foo" is not a known field selector: only "metadata.name", "metadata.namespace"'),
    list(`labelSelector=${requirements(1_000)}`, '200'), list(`labelSelector=${requirements(8_000)}`, '400 BadRequest: a label selector may have at most 1000 requirements'),
    list(`fieldSelector=${'metadata.name=a,'.repeat(3_000)}metadata.name=a`, /^(200|400 )/),
    list('resourceVersion=abc', '400 BadRequest: invalid resource version: resourceVersion: Invalid value: "abc"'),
    list('resourceVersion=99999999', '504 Timeout: Too large resource version: 99999999, current: '),
    list('resourceVersionMatch=Exact', '422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: '),
    list('resourceVersion=5&resourceVersionMatch=exact', '422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Unsupported value: "exact"'),
    list('watch=true&sendInitialEvents=true', '422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: '),
    list('watch=true&resourceVersion=x', '400 BadRequest: invalid resource version'),
    list('limit=abc', '400 BadRequest: strconv.ParseInt: parsing "abc"'), list(`limit=${'9'.repeat(30)}`, '400 BadRequest: strconv.ParseInt'),
    list('continue=abc', invalidToken), list('continue=!!!', `${invalidToken}illegal base64 data at input byte 0`), list(`continue=${'A'.repeat(20_000)}`, invalidToken),
    list(token({ rv: 5, start: '../../secrets/x' }), `${invalidToken}../../secrets/x`), list(token({ rv: 99_999_999, start: 'x' }), `${invalidToken}its revision is in the future`),
    list(token({ rv: 1.5, start: 'x' }), `${invalidToken}incorrect encoded start resourceVersion`), list(token({ rv: 5, start: '\0' }), /^(200|400 BadRequest: invalid continue token)/),
    list(`resourceVersion=5&${token({ rv: 5, start: 'x' })}`, '400 BadRequest: specifying resource version is not allowed when using continue'),
    post(configMap('x'), '422 Invalid: CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["all"]', undefined, `${CONFIG_MAPS}?dryRun=all`),
    post(configMap('x'), '422 Invalid: CreateOptions.meta.k8s.io "" is invalid: fieldManager: Invalid value', undefined, `${CONFIG_MAPS}?fieldManager=%00`),
  ])
  const matchExpressions = Array.from({ length: 40_000 }, (_, index) => ({ key: `k${index}`, operator: 'Exists' }))
  await check([post({ ...deployment(), metadata: { name: 'm' }, spec: { ...Object(deployment()).spec, selector: { matchExpressions } } },
    '422 Invalid: Deployment.apps "m" is invalid: [spec.selector: Too many: 40000: must have at most 1000 items, spec.selector: Invalid value: {"matchExp', undefined, DEPLOYMENTS)])
  // A secret's name must not be reached through another resource's token.
  const crossed = await api.call('GET', `${CONFIG_MAPS}?limit=5&${token({ rv: 5, start: 'kube-system/a' })}`)
  assert(!crossed.text.includes('"namespace":"kube-system"'), 'a token does not lead out of its namespace')
  await checkSound()
})

test('patches that do not apply', async () => {
  const types = { json: 'application/json-patch+json', merge: 'application/merge-patch+json', strategic: 'application/strategic-merge-patch+json', apply: 'application/apply-patch+yaml' } as const
  const patch = (type: keyof typeof types, body: unknown, expected: Row[3], query = ''): Row => ['PATCH', `${DEPLOYMENTS}/sound${query}`, { body, type: types[type] }, expected]
  const rejected = '422 Invalid: the server rejected our request due to an error in our request: '
  const containers = '/spec/template/spec/containers'
  const template = (of: unknown): object => ({ spec: { template: { spec: { containers: of } } } })
  const applied = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'sound' } }
  const copies = Array.from({ length: 60 }, (_, index) => ({ op: 'copy', from: '/metadata', path: `/metadata/annotations/x${index}` }))
  await check([
    patch('json', [{ op: 'test', path: '/spec/replicas', value: 5 }], `${rejected}testing value /spec/replicas failed`),
    patch('json', [{ op: 'frob', path: '/a' }], `${rejected}Unexpected kind: frob`),
    patch('json', [{ op: 'add', value: 1 }], '400 BadRequest: error decoding patch: operation 0 has no valid path'),
    patch('json', [null], '400 BadRequest: error decoding patch: operation 0'),
    patch('json', {}, '400 BadRequest: a JSON patch must be a list of operations'),
    patch('json', [{ op: 'replace', path: '/spec/foo/bar', value: 1 }], `${rejected}/spec/foo/bar: no such path`),
    patch('json', [{ op: 'add', path: `${containers}/9`, value: {} }], `${rejected}${containers}/9: index out of bounds`),
    patch('json', [{ op: 'remove', path: `${containers}/-1` }], `${rejected}${containers}/-1: no such path`),
    patch('json', [{ op: 'move', from: '/spec', path: '/spec/template' }], `${rejected}cannot move /spec into itself`),
    patch('json', [{ op: 'remove', path: '' }], rejected),
    patch('json', [{ op: 'replace', path: '', value: 5 }], '400 BadRequest: the patch does not leave an object'),
    patch('json', [{ op: 'add', path: '/metadata/annotations', value: { a: 'x'.repeat(1000) } }, ...copies], '413 RequestEntityTooLarge: '),
    patch('json', Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/spec/replicas', value: 0 })), '413 RequestEntityTooLarge: Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001'),
    patch('merge', 'null', '400 BadRequest: the patch must be one object'),
    patch('merge', { spec: { replicas: 'x' } }, /^4(00|22) .*DeploymentSpec\.spec\.replicas of type int32/),
    patch('merge', { metadata: { name: 'other' } }, '400 BadRequest: the name of the object (other) does not match'),
    patch('merge', { metadata: { resourceVersion: '1' } }, '409 Conflict: Operation cannot be fulfilled on deployments.apps "sound"'),
    patch('merge', { spec: { foo: 1 } }, /^4(00|22) .*strict decoding error: unknown field "spec\.foo"/, '?fieldValidation=Strict'),
    patch('merge', { spec: { selector: { matchLabels: { x: 'y' } } } }, /^422 Invalid: .*spec\.selector: Invalid value: .*field is immutable/),
    patch('strategic', template([{ image: 'x' }]), '400 BadRequest: containers: map does not contain declared merge key: name'),
    patch('strategic', template('x'), /^4(00|22) .*PodSpec\.spec\.template\.spec\.containers of type/),
    patch('strategic', template([{ $patch: 'frob', name: 'c' }]), '400 BadRequest: unknown patch type "frob" in $patch'),
    patch('strategic', { spec: { template: { spec: { '$setElementOrder/containers': 'x' } } } }, '400 BadRequest: $setElementOrder/containers must be a list'),
    patch('strategic', '{"metadata":{"labels":{"__proto__":"x"}}}', '400 BadRequest: json parse error: the key __proto__ is not supported at line 1, column 24'),
    patch('apply', applied, '422 Invalid: PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value'),
    patch('apply', { ...applied, ...template([{ image: 'a' }]) }, /^400 BadRequest: .*\.spec\.template\.spec\.containers: .*omits key field "name"/, '?fieldManager=m'),
    patch('apply', { ...applied, ...template([{ name: 'a' }, { name: 'a' }]) }, /^400 BadRequest: .*duplicate entries for key \[name="a"\]/, '?fieldManager=m'),
    patch('apply', { ...applied, spec: { replicas: 7 } }, /^409 Conflict: Apply failed with 1 conflict: .*\.spec\.replicas/, '?fieldManager=m'),
    ['PATCH', `${DEPLOYMENTS}/sound`, { body: {}, type: 'application/json' }, '415 UnsupportedMediaType: '],
    ['PATCH', DEPLOYMENTS, { body: {}, type: types.merge }, '405 MethodNotAllowed: patch is not supported on resources of kind "deployments.apps"'],
  ])
  await checkSound()
})

test('methods, paths and Accept headers that nobody serves', async () => {
  const unknown = '404 NotFound: the server could not find the requested resource'
  const get = (path: string, expected: Row[3]): Row => ['GET', path, {}, expected]
  await check([
    ...['//api/v1/namespaces', '/api//v1/namespaces', '/api/v1/namespaces/../nodes', '/api/v1/namespaces/%2e%2e/nodes', '/api/v1/namespaces/default%2fconfigmaps', '/api/v1/namespaces/a%00b',
      '/api/v1/namespaces/default/configmaps//', `/api/v1/${'a/'.repeat(4_000)}`, '/apis/nope', '/api/v1/foos', '/api/v1/namespaces/default/nodes', '/API/v1/namespaces', '/openapi/v3/../x',
      `${CONFIG_MAPS};x=1`, `${CONFIG_MAPS}\\x`, `${CONFIG_MAPS}/x/status`].map((path) => get(path, unknown)),
    ...['%ff', '%', '%zz'].map((name) => get(`/api/v1/namespaces/${name}`, '400 BadRequest: the path holds a percent sign')),
    get(`/api/v1/namespaces/${'a'.repeat(8_000)}`, '404 NotFound: namespaces "aaa'),
    ...['exec?command=ls', 'attach', 'portforward', 'log', 'log?follow=true'].map((what) => get(`${PODS}/missing/${what}`, /^(404 NotFound: pods "missing" not found|400 BadRequest)/)),
    ...['FOO', 'OPTIONS', 'TRACE'].map((method): Row => [method, CONFIG_MAPS, {}, `405 MethodNotAllowed: ${method.toLowerCase()} is not supported`]),
    ['PUT', CONFIG_MAPS, { body: configMap('x') }, '405 MethodNotAllowed: update'],
    ['POST', `${CONFIG_MAPS}/x`, { body: configMap('x') }, '405 MethodNotAllowed: create'],
    ['POST', '/api/v1/configmaps', { body: configMap('x') }, '405 MethodNotAllowed: create'],
    ['POST', '/version', { body: {} }, '405 MethodNotAllowed: '],
    ...['image/png', ';;;', `${'a/b,'.repeat(5_000)}*/*`, 'application/json;as=Foo;g=meta.k8s.io;v=v1'].map((accept): Row => ['GET', CONFIG_MAPS, { headers: { accept } }, '406 NotAcceptable: ']),
    ['POST', CONFIG_MAPS, { body: configMap('unwanted'), headers: { accept: 'image/png' } }, '406 NotAcceptable: '],
    get(`${CONFIG_MAPS}/unwanted`, '404 NotFound: '),
  ])
  await checkSound()
})
