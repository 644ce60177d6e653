/** The forms in which GET /api and /apis can answer. */
export type DiscoveryForm = 'list' | 'apidiscovery.k8s.io/v2' | 'apidiscovery.k8s.io/v2beta1'

/**
 * application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json -> the aggregated form, v2.
 * Clients name several in the order of their liking; what is not known here is passed over.
 */
export function discoveryForm(accept: string | undefined): DiscoveryForm {
  for (const clause of (accept ?? '').split(',')) {
    const [type, ...parameters] = clause.split(';').map((part) => part.trim())
    if (type !== 'application/json' && type !== '*/*') continue
    const values = new Map(parameters.map((parameter) => parameter.split('=', 2) as [string, string]))
    if (values.get('as') !== 'APIGroupDiscoveryList') return 'list'
    const version = values.get('v')
    if (values.get('g') === 'apidiscovery.k8s.io' && (version === 'v2' || version === 'v2beta1')) return `apidiscovery.k8s.io/${version}`
  }
  return 'list'
}

export function discoveryContentType(form: DiscoveryForm): string {
  if (form === 'list') return 'application/json'
  return `application/json;g=apidiscovery.k8s.io;v=${form.slice(form.indexOf('/') + 1)};as=APIGroupDiscoveryList`
}

const PROTOBUF_OPENAPI = /application\/com\.github\.proto-openapi\.spec\.v2[@.]v1\.0\+protobuf/

/** What client-go asks for where others ask for JSON. */
export function wantsProtobufOpenApi(accept: string | undefined): boolean {
  return accept !== undefined && PROTOBUF_OPENAPI.test(accept)
}

/** Echoed as it is registered: the @ form is the current name of the type. */
export const protobufOpenApiType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
