/** GET /version. Clients compare major and minor; gitVersion says in its build part whose server it is. */
export interface VersionInfo {
  readonly major: string
  readonly minor: string
  readonly gitVersion: string
  readonly gitCommit: string
  readonly gitTreeState: string
  readonly buildDate: string
  readonly goVersion: string
  readonly compiler: string
  readonly platform: string
}

/** The API that is served. */
const MAJOR = '1'
const MINOR = '32'

export interface BuildFacts {
  readonly commit: string
  /** RFC 3339. */
  readonly buildDate: string
  /** What runs it: node v24.1.0. */
  readonly runtime: string
  /** linux/amd64 */
  readonly platform: string
}

export function versionInfo(build: BuildFacts): VersionInfo {
  return {
    major: MAJOR, minor: MINOR, gitVersion: `v${MAJOR}.${MINOR}.0+lotse`, gitCommit: build.commit,
    gitTreeState: 'clean', buildDate: build.buildDate,
    goVersion: build.runtime, compiler: 'none', platform: build.platform,
  }
}
