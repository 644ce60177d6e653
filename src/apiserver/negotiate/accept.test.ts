import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '../../words/status-error.ts'
import { ProtobufEncoder } from '../protobuf/encode-object.ts'
import { negotiate, negotiateStatus } from './accept.ts'

const encoder = new ProtobufEncoder(() => undefined)

function check(header: string | undefined, { tables = true, hasMessages = true } = {}): string {
  try {
    const { format, as, meta } = negotiate(header, { tables, pretty: false, messages: hasMessages, encoder })
    return `${format} ${as}${meta === 'meta.k8s.io/v1' ? '' : ' v1beta1'}`
  } catch (error) {
    return error instanceof StatusError ? String(error.code) : 'throws'
  }
}

test('the best of what a client accepts', () => {
  const table: [string | undefined, string][] = [
    [undefined, 'json object'],
    ['*/*', 'json object'],
    ['application/*', 'json object'],
    ['application/json', 'json object'],
    ['application/yaml', 'yaml object'],
    ['application/vnd.kubernetes.protobuf,application/json', 'protobuf object'],
    ['application/vnd.kubernetes.protobuf;stream=watch', 'protobuf object'],
    ['application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1', '406'],
    ['application/cbor,application/json', 'json object'],
    ['application/cbor', '406'],
    ['text/html', '406'],
    ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json', 'json table'],
    ['application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json', 'json table v1beta1'],
    ['application/yaml;as=PartialObjectMetadata;v=v1beta1;g=meta.k8s.io', 'yaml partial v1beta1'],
    ['application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1beta1;g=meta.k8s.io', 'protobuf partial v1beta1'],
    ['*/*;as=Table;v=v1;g=meta.k8s.io', 'json table'],
    ['application/json;as=Table;v=v2;g=meta.k8s.io', '406'],
    ['application/json;as=Table;v=v1;g=example.com', '406'],
    ['application/json;as=Table;v=v1', '406'],
    ['application/json;as=Table', '406'],
    ['application/json;g=meta.k8s.io;v=v1', '406'],
    ['application/json;as=Table;v=v2;g=meta.k8s.io, application/yaml', 'yaml object'],
    ['application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1', 'protobuf partial'],
    ['application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1', 'json partial-list'],
    ['application/json;as=Chart;g=meta.k8s.io;v=v1', '406'],
    ['application/yaml;q=0.5, application/json', 'json object'],
    ['application/json;q=0, application/yaml', 'yaml object'],
    ['application/yaml;q=0', 'yaml object'],
    ['application/yaml;q=high, application/json;q=0.1', 'json object'],
    ['application/yaml;q=0.2, application/vnd.kubernetes.protobuf;q=0.8, */*;q=0.1', 'protobuf object'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'json object'],
    ['*;q=0.1', 'json object'],
    ['application', '406'],
    ['application/json;stream=watch', 'json object'],
    ['application/json;stream=other', '406'],
    ['application/yaml;stream=watch', '406'],
    ['application/json;sv=v1', 'json object'],
    ['application/json;sv=v2', '406'],
    ['*/*, application/yaml', 'yaml object'],
    ['*/*, application/yaml;q=0.9', 'json object'],
    [`application/json${';a=b'.repeat(2000)}`, '406'],
  ]
  for (const [header, expected] of table) assert.equal(check(header), expected, header)
  assert.equal(check('application/vnd.kubernetes.protobuf,application/json', { hasMessages: false }), 'json object', 'custom resources')
  const asPartial = 'application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'
  assert.equal(check(asPartial, { hasMessages: false }), 'protobuf partial', 'metadata of custom resources')
  const asTable = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  assert.deepEqual([check(asTable, { tables: false }), check(`${asTable},application/json`, { tables: false })], ['406', 'json object'], 'reviews')
})

test('an error is said in what is accepted of plain objects', () => {
  const table: [string | undefined, string][] = [
    [undefined, 'json'],
    ['application/yaml', 'yaml'],
    ['text/html', 'json'],
    ['application/vnd.kubernetes.protobuf;stream=watch', 'protobuf'],
    ['application/yaml;as=Table;g=meta.k8s.io;v=v1', 'json'],
    ['application/yaml;as=Table;g=meta.k8s.io;v=v1, application/vnd.kubernetes.protobuf', 'protobuf'],
    ['application/yaml;sv=v1', 'json'],
    [`application/yaml${';a=b'.repeat(2000)}`, 'json'],
  ]
  for (const [header, expected] of table) {
    const { format, as } = negotiateStatus(header, { encoder, pretty: false })
    assert.deepEqual([format, as], [expected, 'object'], header)
  }
})
