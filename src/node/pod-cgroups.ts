import type { ResourceLimits } from './runtime.ts'

/** The cgroup that holds all containers of a pod; host/cgroup.ts implements it. Both calls may be repeated. */
export interface PodCgroups {
  /** Makes it where it is missing and sets its limits. */
  apply(cgroupPath: string, limits: ResourceLimits): Promise<void>
  remove(cgroupPath: string): Promise<void>
}
