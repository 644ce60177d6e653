import { notAcceptable } from '../../words/status-error.ts'
import { protobufType } from '../protobuf/envelope.ts'
import type { ProtobufEncoder } from '../protobuf/encode-object.ts'

/** The form of a response that a client asked for and that we can make. */
export type Accepted = TextForm | ProtobufForm

interface TextForm {
  readonly format: 'json' | 'yaml'
  readonly as: 'object' | 'table' | 'partial'
  readonly pretty: boolean
}

interface ProtobufForm {
  readonly format: 'protobuf'
  readonly as: 'object' | 'partial'
  readonly pretty: false
  readonly encoder: ProtobufEncoder
}

interface Clause {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
  readonly quality: number
}

const ACCEPTED_TYPES =
  'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf'
const MAX_HEADER_LENGTH = 4_096

export const plainJson: Accepted = { format: 'json', as: 'object', pretty: false }

export interface NegotiateOptions {
  /** Whether Tables and metadata alone can be had. */
  readonly transforms: boolean
  readonly pretty: boolean
  /** Undefined where the objects have no form in protocol buffers: custom resources. */
  readonly encoder: ProtobufEncoder | undefined
}

/**
 * The first clause, by quality and then by order, that can be served. Clients list what they like best first:
 *   application/vnd.kubernetes.protobuf,application/json -> protocol buffers; JSON for custom resources
 *   application/cbor,application/json                    -> JSON
 *   application/json;as=Table;v=v1;g=meta.k8s.io,application/json -> Table where transforms is set, else JSON
 */
export function negotiate(header: string | undefined, options: NegotiateOptions): Accepted {
  if (header === undefined || header === '' || header === '*/*' || header === 'application/json') {
    return { format: 'json', as: 'object', pretty: options.pretty }
  }
  if (header.length > MAX_HEADER_LENGTH) throw notAcceptable('the Accept header is too long')
  for (const clause of clausesOf(header)) {
    const accepted = accept(clause, options)
    if (accepted !== undefined) return accepted
  }
  throw notAcceptable(ACCEPTED_TYPES)
}

function accept(clause: Clause, options: NegotiateOptions): Accepted | undefined {
  if (clause.type === protobufType) return acceptProtobuf(clause, options)
  const format = formatOf(clause.type)
  if (format === undefined) return undefined
  const pretty = options.pretty || clause.parameters.get('pretty') === '1'
  const as = clause.parameters.get('as')
  if (as === undefined) return { format, as: 'object', pretty }
  if (!options.transforms || clause.parameters.get('g') !== 'meta.k8s.io' || clause.parameters.get('v') !== 'v1') return undefined
  if (as === 'Table') return { format, as: 'table', pretty }
  if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return { format, as: 'partial', pretty }
  return undefined
}

/** Tables exist in JSON alone. */
function acceptProtobuf(clause: Clause, { transforms, encoder }: NegotiateOptions): Accepted | undefined {
  if (encoder === undefined) return undefined
  const as = clause.parameters.get('as')
  if (as === undefined) return { format: 'protobuf', as: 'object', pretty: false, encoder }
  const isPartial = as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList'
  const isKnown = transforms && isPartial && clause.parameters.get('g') === 'meta.k8s.io' && clause.parameters.get('v') === 'v1'
  return isKnown ? { format: 'protobuf', as: 'partial', pretty: false, encoder } : undefined
}

function formatOf(type: string): 'json' | 'yaml' | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json'
  return type === 'application/yaml' ? 'yaml' : undefined
}

function clausesOf(header: string): Clause[] {
  const clauses: Clause[] = []
  for (const text of header.split(',')) {
    const [type = '', ...rest] = text.split(';')
    const parameters = new Map<string, string>()
    for (const parameter of rest) {
      const [name = '', value = ''] = parameter.split('=', 2)
      parameters.set(name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1'))
    }
    const quality = Number(parameters.get('q') ?? 1)
    if (quality > 0) clauses.push({ type: type.trim().toLowerCase(), parameters, quality })
  }
  return clauses.sort((a, b) => b.quality - a.quality)
}
