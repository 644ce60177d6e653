import {
  allowPrivilegeEscalation25, allowPrivilegeEscalation8, capabilitiesBaseline, capabilitiesRestricted22, capabilitiesRestricted25,
} from './capability-checks.ts'
import {
  hostNamespaces, hostPathVolumes, hostPorts, privileged, procMount, procMountBaseline35, sysctls0, sysctls27, sysctls29, sysctls32,
  windowsHostProcess,
} from './host-checks.ts'
import { handlerHosts } from './handler-checks.ts'
import {
  appArmorProfile, seccompBaseline0, seccompBaseline19, seccompRestricted19, seccompRestricted25, seLinuxOptions0, seLinuxOptions31,
} from './profile-checks.ts'
import type { Standard } from './standard.ts'
import type { Check } from './subject.ts'
import { runAsNonRoot, runAsUser } from './user-checks.ts'
import { restrictedVolumes } from './volume-checks.ts'

interface VersionedCheck {
  /** The names of the standards' documentation. Messages come in their order: baseline first, then by name. */
  readonly name: string
  readonly level: 'baseline' | 'restricted'
  /** By the minor version from which on it is so. */
  readonly since: readonly (readonly [minor: number, check: Check])[]
  /** The baseline check that says less than this one. */
  readonly replaces?: string
}

const CHECKS: readonly VersionedCheck[] = [
  { name: 'appArmorProfile', level: 'baseline', since: [[0, appArmorProfile]] },
  { name: 'capabilities_baseline', level: 'baseline', since: [[0, capabilitiesBaseline]] },
  { name: 'hostNamespaces', level: 'baseline', since: [[0, hostNamespaces]] },
  { name: 'hostPathVolumes', level: 'baseline', since: [[0, hostPathVolumes]] },
  { name: 'hostPorts', level: 'baseline', since: [[0, hostPorts]] },
  { name: 'hostProbesAndHostLifecycle', level: 'baseline', since: [[34, handlerHosts]] },
  { name: 'privileged', level: 'baseline', since: [[0, privileged]] },
  { name: 'procMount', level: 'baseline', since: [[0, procMount], [35, procMountBaseline35]] },
  { name: 'seLinuxOptions', level: 'baseline', since: [[0, seLinuxOptions0], [31, seLinuxOptions31]] },
  { name: 'seccompProfile_baseline', level: 'baseline', since: [[0, seccompBaseline0], [19, seccompBaseline19]] },
  { name: 'sysctls', level: 'baseline', since: [[0, sysctls0], [27, sysctls27], [29, sysctls29], [32, sysctls32]] },
  { name: 'windowsHostProcess', level: 'baseline', since: [[0, windowsHostProcess]] },
  { name: 'allowPrivilegeEscalation', level: 'restricted', since: [[8, allowPrivilegeEscalation8], [25, allowPrivilegeEscalation25]] },
  {
    name: 'capabilities_restricted', level: 'restricted', since: [[22, capabilitiesRestricted22], [25, capabilitiesRestricted25]],
    replaces: 'capabilities_baseline',
  },
  { name: 'procMount_restricted', level: 'restricted', since: [[35, procMount]], replaces: 'procMount' },
  { name: 'restrictedVolumes', level: 'restricted', since: [[0, restrictedVolumes]], replaces: 'hostPathVolumes' },
  { name: 'runAsNonRoot', level: 'restricted', since: [[0, runAsNonRoot]] },
  { name: 'runAsUser', level: 'restricted', since: [[23, runAsUser]] },
  {
    name: 'seccompProfile_restricted', level: 'restricted', since: [[19, seccompRestricted19], [25, seccompRestricted25]],
    replaces: 'seccompProfile_baseline',
  },
]

/** What `latest` means: the version of the API that is served. A namespace that names a later version gets what that one asks for. */
const SERVED_MINOR = 32

/** What a standard asks for, in the order of its messages. */
export function checksOf({ level, version }: Standard): readonly Check[] {
  if (level === 'privileged') return []
  const minor = version === 'latest' ? SERVED_MINOR : version
  const asked = CHECKS.filter((check) => (level === 'restricted' || check.level === 'baseline') && at(check, minor) !== undefined)
  const replaced = new Set(asked.map(({ replaces }) => replaces))
  return asked.flatMap((check) => (replaced.has(check.name) ? [] : (at(check, minor) ?? [])))
}

function at({ since }: VersionedCheck, minor: number): Check | undefined {
  return since.findLast(([first]) => first <= minor)?.[1]
}
