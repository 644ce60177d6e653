import { request as httpsRequest } from 'node:https'
import type { ApiTunnel } from '../apiserver/http.ts'
import { passUpgrade, upgradeHeaders } from './pass-upgrade.ts'
import type { UpgradingClient } from './pass-upgrade.ts'
import { connectionTo, unreachableApi, userHeaders } from './remote-api.ts'
import type { RemoteApiOptions } from './remote-api.ts'

/** Passes an upgrade on to another API server, in the name of the user. */
export function tunnelToApi(target: ApiTunnel, client: UpgradingClient, { certificatePem, keyPem }: RemoteApiOptions): void {
  const { api, user, clientAddress, method, path } = target
  const outgoing = httpsRequest({
    ...connectionTo(api), cert: certificatePem, key: keyPem, minVersion: 'TLSv1.2', agent: false, method, path,
    headers: { ...upgradeHeaders(client.headers), host: api.serverName, 'x-forwarded-for': clientAddress, ...userHeaders(user) },
  })
  passUpgrade(outgoing, client, (error) => unreachableApi(api, error))
}
