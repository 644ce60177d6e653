import type { Service } from '../../resources/generated/types.ts'
import type { Validator } from '../access.ts'
import { isAbout, isWrite } from './targets.ts'
import { ALLOWED, forbiddenBecause } from './verdicts.ts'

/** A Service with an external address takes that address's traffic away from whoever has it: nobody gets a new one. */
export const denyServiceExternalIps: Validator = {
  name: 'DenyServiceExternalIPs',
  matches: (request) => isWrite(request) && isAbout(request, '', 'services'),
  review({ object, old }) {
    const standing = (old as Service | undefined)?.spec?.externalIPs ?? []
    const added = ((object as Service).spec?.externalIPs ?? []).some((address) => !standing.includes(address))
    return added ? forbiddenBecause('Use of external IPs is denied by admission control') : ALLOWED
  },
}
