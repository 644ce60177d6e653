import { notAcceptable } from '../../words/status-error.ts'
import { protobufType } from '../protobuf/envelope.ts'
import type { ProtobufEncoder } from '../protobuf/encode-object.ts'

/** The form of a response that a client asked for and that we can make. */
export type Accepted = TextForm | ProtobufForm

/** The version that a Table, or metadata alone, is said to be of. Older clients know v1beta1 only; the two have the same fields. */
export type MetaVersion = 'meta.k8s.io/v1' | 'meta.k8s.io/v1beta1'

/** The object itself, a Table of it, or its metadata alone: of one object ('partial') or of a list ('partial-list'), never of the other. */
export type ShownAs = 'object' | 'table' | 'partial' | 'partial-list'

interface TextForm {
  readonly format: 'json' | 'yaml'
  readonly as: ShownAs
  readonly meta: MetaVersion
  readonly pretty: boolean
}

interface ProtobufForm {
  readonly format: 'protobuf'
  readonly as: Exclude<ShownAs, 'table'>
  readonly meta: MetaVersion
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

const META = 'meta.k8s.io/v1'

export const plainJson: Accepted = { format: 'json', as: 'object', meta: META, pretty: false }
const prettyJson: Accepted = { ...plainJson, pretty: true }

export interface NegotiateOptions {
  /** Whether there is a Table of it. Metadata alone can be had of everything. */
  readonly tables: boolean
  readonly pretty: boolean
  /** Whether the objects themselves have a form in protocol buffers, as custom resources have not. Metadata alone has. */
  readonly messages: boolean
  readonly encoder: ProtobufEncoder
}

/**
 * The first clause, by quality and then by order, that can be served. Clients list what they like best first:
 *   application/vnd.kubernetes.protobuf,application/json -> protocol buffers; JSON for custom resources
 *   application/cbor,application/json                    -> JSON
 *   application/json;as=Table;v=v1;g=meta.k8s.io,application/json -> Table where there is one, else JSON
 */
export function negotiate(header: string | undefined, options: NegotiateOptions): Accepted {
  if (isAnyJson(header)) return anyJson(options)
  if (header.length > MAX_HEADER_LENGTH) throw notAcceptable('the Accept header is too long')
  for (const clause of clausesOf(header)) {
    const accepted = accept(clause, options)
    if (accepted !== undefined) return accepted
  }
  throw notAcceptable(ACCEPTED_TYPES)
}

/** What an error is said in: what asks for another form of an object, or for a version of the server, does not count there. */
export function negotiateStatus(header: string | undefined, options: Pick<NegotiateOptions, 'encoder' | 'pretty'>): Accepted {
  if (isAnyJson(header) || header.length > MAX_HEADER_LENGTH) return anyJson(options)
  for (const clause of clausesOf(header)) {
    if (CONVERTING.some((name) => clause.parameters.has(name)) || (clause.parameters.get('sv') ?? '') !== '') continue
    const accepted = accept(clause, { ...options, tables: false, messages: true })
    if (accepted !== undefined) return accepted
  }
  return anyJson(options)
}

/** Nothing is asked for but what everything has. */
export function isAnyJson(header: string | undefined): header is undefined | '' | '*/*' | 'application/json' {
  return header === undefined || header === '' || header === '*/*' || header === 'application/json'
}

export function anyJson({ pretty }: Pick<NegotiateOptions, 'pretty'>): Accepted {
  return pretty ? prettyJson : plainJson
}

function accept({ type, parameters }: Clause, options: NegotiateOptions): Accepted | undefined {
  const [conversion, format] = [conversionOf(parameters), formatOf(type)]
  if (conversion === undefined || format === undefined || !isKnownStream(format, parameters)) return undefined
  if ((parameters.get('sv') ?? '') !== '' && parameters.get('sv') !== 'v1') return undefined
  const { as, meta } = conversion
  if (format !== 'protobuf') {
    if (as === 'table' && !options.tables) return undefined
    return { format, as, meta, pretty: options.pretty || parameters.get('pretty') === '1' }
  }
  // Tables exist in text alone.
  if (as === 'table' || (as === 'object' && !options.messages)) return undefined
  return { format, as, meta, pretty: false, encoder: options.encoder }
}

type Conversion = Pick<TextForm, 'as' | 'meta'>

const asItIs: Conversion = { as: 'object', meta: META }
const FORMS: ReadonlyMap<string | undefined, TextForm['as']> = new Map([
  ['Table', 'table'], ['PartialObjectMetadata', 'partial'], ['PartialObjectMetadataList', 'partial-list'],
])
/** The kind, the group and the version that an object is to be shown as. */
const CONVERTING = ['as', 'g', 'v'] as const

/** Undefined: nothing can be shown as that. */
function conversionOf(parameters: Clause['parameters']): Conversion | undefined {
  const [kind, group, version] = CONVERTING.map((name) => parameters.get(name))
  if (kind === undefined && group === undefined && version === undefined) return asItIs
  const as = FORMS.get(kind)
  if (as === undefined || group !== 'meta.k8s.io') return undefined
  if (version === 'v1') return { as, meta: META }
  return version === 'v1beta1' ? { as, meta: 'meta.k8s.io/v1beta1' } : undefined
}

/** stream=watch is asked of what can be sent in frames. */
function isKnownStream(format: Accepted['format'], parameters: Clause['parameters']): boolean {
  const stream = parameters.get('stream') ?? ''
  return stream === '' || (stream === 'watch' && format !== 'yaml')
}

function formatOf(type: string): Accepted['format'] | undefined {
  switch (type) {
    case 'application/json': case '*/*': case 'application/*': return 'json'
    case 'application/yaml': return 'yaml'
    case protobufType: return 'protobuf'
    default: return undefined
  }
}

/** As upstream's parser sees them: the least liked are there too, one that cannot be read is passed over, and * alone is any type. */
function clausesOf(header: string): Clause[] {
  const clauses: Clause[] = []
  for (const text of header.split(',')) {
    const [first = '', ...rest] = text.split(';')
    const type = first.trim().toLowerCase()
    const parameters = new Map<string, string>()
    for (const parameter of rest) {
      const [name = '', value = ''] = parameter.split('=', 2)
      parameters.set(name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1'))
    }
    const quality = Number(parameters.get('q') ?? 1)
    clauses.push({ type: type === '*' ? '*/*' : type, parameters, quality: Number.isFinite(quality) ? quality : 0 })
  }
  return clauses.sort((a, b) => b.quality - a.quality || wildcards(a) - wildcards(b))
}

/** Who names a type likes it better than any. */
function wildcards({ type }: Clause): number {
  return type.split('*').length
}
