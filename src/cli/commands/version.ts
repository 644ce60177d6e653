import { printJson, type Invocation } from '../invocation.ts'

/** The release of Kubernetes whose API is served. */
const API_VERSION = 'v1.32'

export async function version(invocation: Invocation): Promise<void> {
  const versions = {
    lotse: invocation.machine.version,
    kubernetesApi: API_VERSION,
    node: process.version,
    platform: `${process.platform}/${process.arch}`,
  }
  if (invocation.json) return printJson(invocation.data, versions)
  invocation.data.write(`lotse ${versions.lotse} (Kubernetes API ${versions.kubernetesApi}, Node ${versions.node}, ${versions.platform})\n`)
}
