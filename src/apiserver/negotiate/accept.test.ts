import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '../../words/status-error.ts'
import { ProtobufEncoder } from '../protobuf/encode-object.ts'
import { negotiate } from './accept.ts'

const encoder = new ProtobufEncoder(() => undefined)

function check(header: string | undefined, transforms = true, hasMessages = true): string {
  try {
    const { format, as } = negotiate(header, { transforms, pretty: false, encoder: hasMessages ? encoder : undefined })
    return `${format} ${as}`
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
    ['application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json', 'json object'],
    ['application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1', 'protobuf partial'],
    ['application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1', 'json partial'],
    ['application/json;as=Chart;g=meta.k8s.io;v=v1', '406'],
    ['application/yaml;q=0.5, application/json', 'json object'],
    ['application/json;q=0, application/yaml', 'yaml object'],
    ['application/json;stream=watch', 'json object'],
    [`application/json${';a=b'.repeat(2000)}`, '406'],
  ]
  for (const [header, expected] of table) assert.equal(check(header), expected, header)
  assert.equal(check('application/vnd.kubernetes.protobuf,application/json', true, false), 'json object', 'custom resources')
})
