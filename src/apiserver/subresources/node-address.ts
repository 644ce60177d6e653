import { kinds } from '../../resources/generated/kinds.ts'
import { badRequest, internalError, notFound } from '../../words/status-error.ts'
import type { ObjectReader } from '../access.ts'

/** Where a node's agent listens, by what the node itself has published. */
export function nodeAgentAddress(nodeName: string, reader: ObjectReader): { address: string; port: number } {
  if (nodeName === '') throw badRequest('the pod does not have a host assigned')
  const node = reader.get(kinds.Node, { namespace: '', name: nodeName })
  if (node === undefined) throw notFound({ group: '', resource: 'nodes' }, nodeName)
  const addresses = node.status?.addresses ?? []
  const address = ['InternalIP', 'Hostname'].map(
    (type) => addresses.find((candidate) => candidate.type === type)?.address,
  ).find((found) => found !== undefined)
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port
  if (address === undefined) throw internalError(`node ${nodeName} has published no InternalIP and no Hostname in status.addresses`)
  if (port === undefined) throw internalError(`node ${nodeName} has published no port in status.daemonEndpoints.kubeletEndpoint`)
  return { address, port }
}
