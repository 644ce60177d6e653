import type { FieldError } from '../../objects/field-error.ts'
import { invalidValue, notSupported, required } from '../../objects/field-error.ts'
import { dns1035LabelErrors, dnsSubdomainErrors, pathSegmentErrors, wildcardDnsErrors } from '../../objects/names.ts'
import { parseSloppyIp } from '../../objects/ports-and-addresses.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { at, checkDnsSubdomain, checkIp, checkNames, checkPortName, checkPortNumber } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type {
  HTTPIngressPath, Ingress, IngressBackend, IngressRule, IngressServiceBackend, TypedLocalObjectReference,
} from '../generated/types.ts'
import { keepSpec, keepStatus, plainResource } from '../plain-resource.ts'
import { ageColumn, textColumn } from '../table.ts'

/** Was the way to choose a class before spec.ingressClassName. */
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix']
const BAD_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F']
const BAD_ENDINGS = ['/..', '/.']
const NO_ADDRESS = 'must be a DNS name, not an IP address'

function validate({ spec = {} }: Ingress): FieldError[] {
  const errors: Errors = []
  const { rules = [], tls = [], defaultBackend, ingressClassName } = spec
  if (rules.length === 0 && defaultBackend === undefined) {
    errors.push(invalidValue('spec', rules, 'either `defaultBackend` or `rules` must be specified'))
  }
  if (defaultBackend !== undefined) checkBackend(errors, 'spec.defaultBackend', defaultBackend)
  rules.forEach((rule, index) => checkRule(errors, `spec.rules[${index}]`, rule))
  tls.forEach(({ hosts, secretName = '' }, index) => {
    const path = `spec.tls[${index}]`
    hosts?.forEach((host, at) => checkHostName(errors, path, `hosts[${at}]`, host))
    if (secretName !== '') checkDnsSubdomain(errors, path, 'secretName', secretName)
  })
  if (ingressClassName !== undefined) checkDnsSubdomain(errors, 'spec', 'ingressClassName', ingressClassName)
  return errors
}

function validateCreate(ingress: Ingress): FieldError[] {
  const errors = validate(ingress)
  const annotation = ingress.metadata.annotations?.[CLASS_ANNOTATION]
  const name = ingress.spec?.ingressClassName
  if (annotation !== undefined && name !== undefined && annotation !== name) {
    errors.push(invalidValue(`annotations.${CLASS_ANNOTATION}`, annotation, 'must match `ingressClassName` when both are specified'))
  }
  return errors
}

function checkHostName(errors: Errors, path: string, field: string, host: string): void {
  checkNames(errors, path, field, host, host.includes('*') ? wildcardDnsErrors : dnsSubdomainErrors)
}

function checkRule(errors: Errors, path: string, { host = '', http }: IngressRule): void {
  if (host !== '') {
    if (parseSloppyIp(host) !== undefined) errors.push(invalidValue(`${path}.host`, host, NO_ADDRESS))
    checkHostName(errors, path, 'host', host)
  }
  if (http === undefined) return
  const paths = http.paths ?? []
  if (paths.length === 0) errors.push(required(`${path}.http.paths`))
  paths.forEach((item, index) => checkPath(errors, `${path}.http.paths[${index}]`, item))
}

function checkPath(errors: Errors, here: string, { path = '', pathType, backend }: HTTPIngressPath): void {
  const field = `${here}.path`
  switch (pathType) {
    case undefined:
      errors.push(required(`${here}.pathType`, 'pathType must be specified'))
      return
    case 'Exact': case 'Prefix':
      if (!path.startsWith('/')) errors.push(invalidValue(field, path, 'must be an absolute path'))
      for (const part of BAD_SEQUENCES) if (path.includes(part)) errors.push(invalidValue(field, path, `must not contain '${part}'`))
      for (const part of BAD_ENDINGS) if (path.endsWith(part)) errors.push(invalidValue(field, path, `cannot end with '${part}'`))
      break
    case 'ImplementationSpecific':
      if (path !== '' && !path.startsWith('/')) errors.push(invalidValue(field, path, 'must be an absolute path'))
      break
    default:
      errors.push(notSupported(`${here}.pathType`, pathType, PATH_TYPES))
  }
  checkBackend(errors, `${here}.backend`, backend ?? {})
}

function checkBackend(errors: Errors, path: string, { resource, service }: IngressBackend): void {
  if (resource !== undefined && service !== undefined) {
    errors.push(invalidValue(path, '', 'cannot set both resource and service backends'))
  } else if (resource !== undefined) checkReference(errors, `${path}.resource`, resource)
  else if (service !== undefined) checkService(errors, path, service)
  else errors.push(invalidValue(path, '', 'resource or service backend is required'))
}

function checkService(errors: Errors, path: string, { name = '', port = {} }: IngressServiceBackend): void {
  if (name === '') errors.push(required(`${path}.service.name`))
  else checkNames(errors, `${path}.service`, 'name', name, dns1035LabelErrors)
  const portName = port.name ?? ''
  const number = port.number ?? 0
  if (portName !== '' && number !== 0) errors.push(invalidValue(path, '', 'cannot set both port name & port number'))
  else if (portName !== '') checkPortName(errors, `${path}.service.port`, 'name', portName)
  else if (number !== 0) checkPortNumber(errors, `${path}.service.port`, 'number', number)
  else errors.push(required(path, 'port name or number is required'))
}

/** An object in the same namespace, of whatever kind. */
export function checkReference(errors: Errors, path: string, { apiGroup, kind, name }: TypedLocalObjectReference): void {
  if (apiGroup !== undefined) checkDnsSubdomain(errors, path, 'apiGroup', apiGroup)
  for (const [field, value = ''] of [['kind', kind], ['name', name]] as const) {
    if (value === '') errors.push(required(at(path, field)))
    else checkNames(errors, path, field, value, pathSegmentErrors)
  }
}

function validateStatus({ status }: Ingress): FieldError[] {
  const errors: Errors = []
  status?.loadBalancer?.ingress?.forEach(({ ip = '', hostname = '' }, index) => {
    const path = `status.loadBalancer.ingress[${index}]`
    if (ip !== '') checkIp(errors, path, 'ip', ip)
    if (hostname === '') return
    checkDnsSubdomain(errors, path, 'hostname', hostname)
    if (parseSloppyIp(hostname) !== undefined) errors.push(invalidValue(`${path}.hostname`, hostname, NO_ADDRESS))
  })
  return errors
}

const MAX_SHOWN_HOSTS = 3

/** a,b,c + 2 more..., where rules without a host count too; * where no rule names a host. */
function hostsText(rules: readonly IngressRule[]): string {
  const shown: string[] = []
  for (const { host = '' } of rules) {
    if (shown.length === MAX_SHOWN_HOSTS) return `${shown.join(',')} + ${rules.length - MAX_SHOWN_HOSTS} more...`
    if (host !== '') shown.push(host)
  }
  return shown.length === 0 ? '*' : shown.join(',')
}

function addressText({ status }: Ingress): string {
  const points = status?.loadBalancer?.ingress ?? []
  return [...new Set(points.map(({ ip, hostname }) => ip ?? hostname ?? ''))].filter((text) => text !== '').sort().join(',')
}

export const ingresses: ResourceDefinition<Ingress> = {
  ...plainResource,
  kind: kinds.Ingress,
  prepareForCreate(draft) {
    draft.status = { loadBalancer: {} }
  },
  prepareForUpdate: keepStatus,
  validateCreate,
  validateUpdate: validate,
  warnings({ metadata, spec }, old) {
    const isOldWay = metadata.annotations?.[CLASS_ANNOTATION] !== undefined && spec?.ingressClassName === undefined
    if (!isOldWay || old !== undefined) return []
    return [`annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`]
  },
  generationOf: 'spec',
  columns: [
    textColumn('Class', 'The class whose controller serves it.', ({ spec }) => spec?.ingressClassName ?? '<none>'),
    textColumn('Hosts', 'Hosts that its rules name.', ({ spec }) => hostsText(spec?.rules ?? [])),
    textColumn('Address', 'Where it is reached.', addressText),
    textColumn('Ports', '443 too where it has certificates.', ({ spec }) => ((spec?.tls ?? []).length > 0 ? '80, 443' : '80')),
    ageColumn,
  ],
  status: { prepareForUpdate: keepSpec, validateUpdate: validateStatus },
}
