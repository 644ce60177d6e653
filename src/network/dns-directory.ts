import { DnsZone } from './dns-zone.ts'
import type { ServiceDirectory } from './service-directory.ts'

/** Keeps the zone equal to the Services and EndpointSlices. Before it is ready, the cluster's names are unknown, not absent. */
export class DnsDirectory {
  readonly zone = new DnsZone()
  readonly #services: ServiceDirectory

  /** Before the directory runs: what it told earlier is not asked for again. */
  constructor(services: ServiceDirectory) {
    this.#services = services
    services.listen(({ namespace, name }) => {
      const found = services.get({ namespace, name })
      if (found === undefined) this.zone.remove(namespace, name)
      else this.zone.set(found.service, found.slices)
    })
  }

  get isReady(): boolean {
    return this.#services.synced
  }
}
