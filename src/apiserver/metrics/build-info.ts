import type { VersionInfo } from '../discovery/version.ts'
import { gauge } from './metric-family.ts'
import type { MetricSource } from './metric-family.ts'

export function buildInfo(version: VersionInfo): MetricSource {
  const labels = {
    build_date: version.buildDate, compiler: version.compiler, git_commit: version.gitCommit, git_tree_state: version.gitTreeState,
    git_version: version.gitVersion, go_version: version.goVersion, major: version.major, minor: version.minor, platform: version.platform,
  }
  return () => [gauge('kubernetes_build_info', 'What is running.', [[labels, 1]])]
}
