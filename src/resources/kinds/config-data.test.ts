import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleConfigMap, sampleSecret } from '../sample-objects.testing.ts'
import { cellsOf, changed, created, createChecks, updateChecks, updated } from './checking.testing.ts'
import { base64Length, configMaps, utf8Length } from './config-map.ts'
import { secrets } from './secret.ts'

const KEY = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
const MEBIBYTE = 1024 * 1024

test('a ConfigMap', () => {
  const check = createChecks(configMaps, sampleConfigMap)
  check({})
  check({ data: { 'a b': 'x' } }, `data[a b]: Invalid value: "a b": ${KEY}`)
  check({ data: { '..x': '' } }, "data[..x]: Invalid value: \"..x\": must not start with '..'")
  check({ binaryData: { key: 'eA==' } }, 'data[key]: Invalid value: "key": duplicate of key present in binaryData')
  check({ data: { constructor: 'x' }, binaryData: { other: 'eA==' } })
  check({ data: { key: 'x'.repeat(MEBIBYTE) } })
  check({ data: { key: 'x'.repeat(MEBIBYTE), b: 'y' } }, '[]: Too long: may not be more than 1048576 bytes')
  check({ data: { key: 'ü'.repeat(MEBIBYTE / 2 + 1) } }, '[]: Too long: may not be more than 1048576 bytes')
})

test('a ConfigMap that is immutable', () => {
  const check = updateChecks(configMaps, sampleConfigMap)
  check({}, { data: { other: 'x' } })
  check({ immutable: true }, { 'metadata.labels': { a: 'b' } })
  check({ immutable: true }, { data: { key: 'other' } }, 'data: Forbidden: field is immutable when `immutable` is set')
  check({ immutable: true }, { immutable: undefined }, 'immutable: Forbidden: field is immutable when `immutable` is set')
})

test('sizes are those of the bytes', () => {
  for (const text of ['', 'abc', 'äöü', '€uro', '😀!']) assert.equal(utf8Length(text), Buffer.byteLength(text), text)
  for (const text of ['', 'a', 'ab', 'abc']) assert.equal(base64Length(Buffer.from(text).toString('base64')), text.length, text)
})

test('stringData goes into data and wins', () => {
  const secret = created(secrets, { ...sampleSecret(), stringData: { key: 'new', more: 'ü' } })
  assert.deepEqual(secret, { ...sampleSecret(), data: { key: 'bmV3', more: 'w7w=' }, type: 'Opaque' })
})

test('the types of Secrets', () => {
  const check = createChecks(secrets, sampleSecret)
  check({})
  check({ data: { 'a/b': '' } }, `data[a/b]: Invalid value: "a/b": ${KEY}`)
  check({ type: 'kubernetes.io/tls' }, 'data[tls.crt]: Required value', 'data[tls.key]: Required value')
  check({ type: 'kubernetes.io/tls', data: { 'tls.crt': '', 'tls.key': '' } })
  check({ type: 'kubernetes.io/basic-auth' }, 'data[username]: Required value', 'data[password]: Required value')
  check({ type: 'kubernetes.io/basic-auth', data: { username: '' } })
  check({ type: 'kubernetes.io/ssh-auth' }, 'data[ssh-privatekey]: Required value')
  check({ type: 'kubernetes.io/dockerconfigjson' }, 'data[.dockerconfigjson]: Required value')
  check({ type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': 'eA==' } },
    'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character \'x\' looking for beginning of value')
  const docker = (text: string, ...details: string[]): void => check(
    { type: 'kubernetes.io/dockercfg', data: { '.dockercfg': Buffer.from(text).toString('base64') } },
    ...details.map((detail) => `data[.dockercfg]: Invalid value: "<secret contents redacted>": ${detail}`))
  docker('null')
  docker('', 'unexpected end of JSON input')
  docker('[]', 'json: cannot unmarshal array into Go value of type map[string]interface {}')
  docker('{"a"', 'must be a JSON object')
  check({ type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': 'e30=' } })
  check({ type: 'kubernetes.io/service-account-token' }, 'metadata.annotations[kubernetes.io/service-account.name]: Required value')
})

test('the pair of a TLS Secret', () => {
  const block = (label: string): string => `-----BEGIN ${label}-----\neA==\n-----END ${label}-----\n`
  const warn = (certificate: string, key: string, ...expected: string[]): void => {
    const data = { 'tls.crt': Buffer.from(certificate).toString('base64'), 'tls.key': Buffer.from(key).toString('base64') }
    assert.deepEqual(secrets.warnings({ ...sampleSecret(), type: 'kubernetes.io/tls', data }, undefined), expected)
  }
  const [certificate, key] = [block('CERTIFICATE'), block('RSA PRIVATE KEY')]
  warn(certificate, key)
  warn('x', key, 'tls: failed to find any PEM data in certificate input')
  warn(key, certificate, 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched')
  warn(block('A') + block('B'), key,
    'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [A B]')
  warn(certificate, '', 'tls: failed to find any PEM data in key input')
  warn(certificate, certificate, 'tls: found a certificate rather than a key in the PEM for the private key')
})

test('the type of a Secret stays', () => {
  const check = updateChecks(secrets, sampleSecret)
  check({}, { type: 'example.com/x' }, 'type: Invalid value: "example.com/x": field is immutable')
  check({ immutable: true }, { stringData: { key: 'value' } })
  check({ immutable: true }, { stringData: { key: 'other' } }, 'data: Forbidden: field is immutable when `immutable` is set')
})

test('tables', () => {
  assert.deepEqual(cellsOf(configMaps, { ...sampleConfigMap(), binaryData: { b: '' } }), { Data: 2, Age: '<unknown>' })
  assert.deepEqual(cellsOf(secrets, created(secrets, sampleSecret())), { Type: 'Opaque', Data: 1, Age: '<unknown>' })
  const old = created(secrets, changed(sampleSecret(), { type: 'a/b' }))
  assert.equal(secrets.selectableFields['type']?.(updated(secrets, changed(old, {}), old)), 'a/b')
})
