import { notAcceptable } from '../../words/status-error.ts'

/** The form of a response that a client asked for and that we can make. */
export interface Accepted {
  readonly format: 'json' | 'yaml'
  readonly as: 'object' | 'table' | 'partial'
  /** Clause of the Accept header had stream=watch or the like; only echoed. */
  readonly pretty: boolean
}

interface Clause {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
  readonly quality: number
}

const ACCEPTED_TYPES = 'only the following media types are accepted: application/json, application/yaml'
const MAX_HEADER_LENGTH = 4_096

export const plainJson: Accepted = { format: 'json', as: 'object', pretty: false }

/**
 * The first clause, by quality and then by order, that can be served. Clients list what they like best first:
 *   application/vnd.kubernetes.protobuf,application/json     -> JSON
 *   application/json;as=Table;v=v1;g=meta.k8s.io,application/json -> Table where transforms is set, else JSON
 */
export function negotiate(header: string | undefined, options: { transforms: boolean; pretty: boolean }): Accepted {
  if (header === undefined || header === '' || header === '*/*' || header === 'application/json') return { ...plainJson, pretty: options.pretty }
  if (header.length > MAX_HEADER_LENGTH) throw notAcceptable('the Accept header is too long')
  for (const clause of clausesOf(header)) {
    const accepted = accept(clause, options)
    if (accepted !== undefined) return accepted
  }
  throw notAcceptable(ACCEPTED_TYPES)
}

function accept(clause: Clause, options: { transforms: boolean; pretty: boolean }): Accepted | undefined {
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
