import { serviceElements, localDnsElements } from '../../network/service-elements.ts'
import { serviceRoute } from '../../network/service-endpoints.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { EndpointSlice, Service } from '../../resources/generated/types.ts'
import type { DiskLog } from '../disk-log.ts'
import { LOCAL_DNS, type SimulatedNode } from '../simulated-node.ts'
import { isServing } from './deployment-bounds.ts'
import type { Goal } from './findings.ts'

const SERVICE_NAME = 'kubernetes.io/service-name'

/** The endpoints of every Service are the addresses of its ready pods, in EndpointSlices and in Endpoints. */
export function endpointsConverge(log: DiskLog): Goal {
  return {
    name: 'endpoints converge',
    problems: () => [...log.list(kinds.Service).flatMap((service) => endpointProblems(log, service)), ...strays(log)],
  }
}

function endpointProblems(log: DiskLog, { metadata, spec }: Service): readonly string[] {
  const { selector } = spec ?? {}
  const { namespace = '', name = '' } = metadata
  if (selector === undefined) return []
  const pods = log
    .list(kinds.Pod, namespace)
    .filter((pod) => Object.entries(selector).every(([label, value]) => pod.metadata.labels?.[label] === value))
  const wanted = pods
    .filter(isServing)
    .map(({ status }) => status?.podIP ?? '')
    .sort()
    .join(' ')
  const slices = slicesOf(log, { namespace, name })
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
  const inSlices = slices
    .flatMap(({ addresses }) => addresses)
    .sort()
    .join(' ')
  const subsets = log.get(kinds.Endpoints, { namespace, name })?.subsets ?? []
  const inEndpoints = subsets.flatMap(({ addresses }) => addresses ?? []).map(({ ip }) => ip).sort().join(' ')
  const problems: string[] = []
  if (inSlices !== wanted) problems.push(`the slices of ${namespace}/${name} have ${inSlices}, ready are ${wanted}`)
  if (inEndpoints !== wanted) problems.push(`the endpoints of ${namespace}/${name} are ${inEndpoints}, ready are ${wanted}`)
  return problems
}

/** Slices and Endpoints without their Service. */
function strays(log: DiskLog): readonly string[] {
  const services = new Set(log.list(kinds.Service).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`))
  return [
    ...log
      .list(kinds.EndpointSlice)
      .filter(({ metadata }) => !services.has(`${metadata.namespace}/${metadata.labels?.[SERVICE_NAME]}`))
      .map(({ metadata }) => `stray slice ${metadata.name}`),
    ...log
      .list(kinds.Endpoints)
      .filter(({ metadata }) => !services.has(`${metadata.namespace}/${metadata.name}`))
      .map(({ metadata }) => `stray endpoints ${metadata.name}`),
  ]
}

/** Every node's kernel has just the rules that the Services and their slices make. */
export function rulesConverge(log: DiskLog, nodes: readonly SimulatedNode[]): Goal {
  return {
    name: 'service rules converge',
    problems: () => nodes.flatMap((node) => {
      const wanted = wantedRules(log, node.name)
      const actual = new Set(node.kernel.elements())
      return [
        ...[...wanted].filter((element) => !actual.has(element)).map((element) => `${node.name} lacks ${element}`),
        ...[...actual].filter((element) => !wanted.has(element)).map((element) => `${node.name} has ${element}`),
      ]
    }),
  }
}

function wantedRules(log: DiskLog, nodeName: string): ReadonlySet<string> {
  const routes = log.list(kinds.Service).flatMap((service) => {
    const { namespace = '', name = '' } = service.metadata
    return serviceRoute(service, slicesOf(log, { namespace, name }), nodeName) ?? []
  })
  const all = [localDnsElements(LOCAL_DNS), ...routes.map(serviceElements)]
  return new Set(
    all.flatMap((containers) =>
      [...containers].flatMap(([container, elements]) => [...elements].map(([key, value]) => `${container} ${key} : ${value}`)),
    ),
  )
}

function slicesOf(log: DiskLog, { namespace, name }: { readonly namespace: string; readonly name: string }): readonly EndpointSlice[] {
  return log.list(kinds.EndpointSlice, namespace).filter(({ metadata }) => metadata.labels?.[SERVICE_NAME] === name)
}
