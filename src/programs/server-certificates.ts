import { X509Certificate } from 'node:crypto'
import { publishAuthentication } from '../apiserver/bootstrap/apply.ts'
import type { AuthenticationFacts } from '../apiserver/bootstrap/cluster-objects.ts'
import { internalUsers } from '../apiserver/access/internal-users.ts'
import type { ApiServer } from '../apiserver/server.ts'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import { renewCertificate } from '../cli/kubeconfig.ts'
import { knownPlaces } from '../cli/kubeconfig-places.ts'
import { keepRenewed, type KeptCertificate } from '../client/certificate-keeper.ts'
import { followPairs, readPairs, type CertificatePairs, type FilesOfPairs } from '../host/certificate-pairs.ts'
import { systemClock } from '../host/clock.ts'
import type { ServingCertificate } from '../host/https-server.ts'
import type { ThreadedHttpsServer } from '../host/https-thread/threaded-server.ts'
import { FRONT_PROXY_NAME, type ClusterPki } from '../host/pki.ts'
import { systemRandom } from '../host/random.ts'
import type { RenewableRemoteApi } from '../host/remote-api.ts'
import { followServingCertificate, readServingCertificate, type ServingFiles } from '../host/serving-certificate.ts'
import type { Log } from '../words/ports.ts'
import { thrownMessage } from '../words/thrown.ts'
import { certificateTimes } from './certificate-lifetime.ts'
import { clusterAccess } from './cluster-access.ts'

/** By what others know this server: nodes that it calls, and the API servers behind it. */
type ClientUse = 'toNodes' | 'frontProxy'

/** What the server is known by, and whom it lets in, as it stands in files. */
export interface ServerCertificates {
  readonly serving: ServingCertificate
  readonly clients: CertificatePairs<ClientUse>
}

/** Throws an Error that names the file and what is wrong with it. */
export function readServerCertificates(pki: ClusterPki): ServerCertificates {
  const now = systemClock.now()
  return { serving: readServingCertificate(servingFilesOf(pki), now), clients: readPairs(clientFilesOf(pki), now) }
}

export interface CertificateUsers {
  readonly config: ClusterConfig
  readonly pki: ClusterPki
  readonly server: ApiServer
  readonly listener: ThreadedHttpsServer
  readonly remote: RenewableRemoteApi
  readonly log: Log
}

/** Renews what is the cluster's own in time, and takes changed files into force; nobody's connection is ended for it. Until the signal aborts. */
export function keepServerCertificates(inForce: ServerCertificates, users: CertificateUsers, signal: AbortSignal): void {
  const { config, pki, server, listener, remote } = users
  const log = users.log.with({ part: 'certificates' })
  const ports = { clock: systemClock, random: systemRandom, log }
  const { lookEveryMs } = certificateTimes(config)
  for (const certificate of pki.kept) void keepRenewed(withKubeconfigs(certificate, users, log), ports, signal)
  void renewKubeconfigs(users, log)
  void followServingCertificate({
    files: servingFilesOf(pki), inForce: inForce.serving, lookEveryMs,
    async use(certificate) {
      // Another authority of front proxies signs another certificate for this one: a missing key of it is said before anything changes.
      pki.renewClients()
      listener.renew(certificate)
      await publishAuthentication(server.client(internalUsers.apiServer), authenticationFacts(certificate))
    },
  }, ports, signal)
  void followPairs({
    what: 'client certificates', files: clientFilesOf(pki), inForce: inForce.clients, lookEveryMs,
    use({ toNodes, frontProxy }) {
      remote.renew(frontProxy)
      listener.renewClients({ ...toNodes, frontProxy })
    },
  }, ports, signal)
}

export function authenticationFacts({ caPem, frontProxyCaPem = '' }: ServingCertificate): AuthenticationFacts {
  return { clientCaPem: caPem, frontProxyCaPem, frontProxyName: FRONT_PROXY_NAME }
}

function servingFilesOf({ apiServer, caFile, clientCaFile, frontProxy }: ClusterPki): ServingFiles {
  return { ...apiServer, caFile, clientCaFile, frontProxyCaFile: frontProxy.caFile }
}

function clientFilesOf({ apiServerToNode, frontProxy }: ClusterPki): FilesOfPairs<ClientUse> {
  return { toNodes: apiServerToNode, frontProxy }
}

/** The administrator's certificate stands in kubeconfigs too. */
function withKubeconfigs(certificate: KeptCertificate, users: CertificateUsers, log: Log): KeptCertificate {
  if (certificate.file !== users.pki.admin.certificateFile) return certificate
  return {
    ...certificate,
    async renew(signal) {
      await certificate.renew(signal)
      await renewKubeconfigs(users, log)
    },
  }
}

/** In every kubeconfig that has got this cluster's entry, where the certificate in it is still one of the administrator's. */
async function renewKubeconfigs({ config, pki }: CertificateUsers, log: Log): Promise<void> {
  const access = clusterAccess(config)
  const isFormer = (certificatePem: string): boolean => (
    certificatePem !== access.clientCertificate && isOfAdministrator(certificatePem, pki))
  for (const path of knownPlaces(config.dataDirectory)) {
    try {
      if (await renewCertificate(path, access, isFormer)) log.info("the administrator's certificate in a kubeconfig was renewed", { path })
    } catch (error) {
      const remedy = 'mend the file and run "lotse up" once more, which writes it again'
      log.warn("the administrator's certificate in a kubeconfig was not renewed", { path, error: thrownMessage(error), remedy })
    }
  }
}

function isOfAdministrator(certificatePem: string, { caPem, admin }: ClusterPki): boolean {
  try {
    const [found, known] = [new X509Certificate(certificatePem), new X509Certificate(admin.certificatePem)]
    return found.subject === known.subject && found.verify(new X509Certificate(caPem).publicKey)
  } catch {
    return false
  }
}
