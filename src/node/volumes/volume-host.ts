/** The node's file system as volumes need it: host/volumes/, and in memory simulation/fake-volumes.ts. All calls may be repeated. */
export interface VolumeHost {
  /** Puts the volume in place, or brings its files up to date; resolves to its path on the host. Throws with what is wrong. */
  setUp(podUid: string, volume: VolumePlan): Promise<string>
  /** A path below a volume for one mount of a container, safe against symbolic links that lead out of the volume. */
  subPath(podUid: string, request: SubPathRequest): Promise<string>
  /** A file of the pod beside its volumes (etc-hosts); resolves to its path on the host. */
  writePodFile(podUid: string, name: string, text: string): Promise<string>
  /** An empty file, writable by every user of the container, for its termination message. */
  terminationFile(podUid: string, container: string, attempt: number): Promise<string>
  /** What the host itself has in /etc/hosts and /etc/resolv.conf. */
  hostHosts(): Promise<string>
  hostResolver(): Promise<ResolverConfig>
  /** Unmounts and removes volumes and sub paths; the pod's other files stay. */
  tearDown(podUid: string): Promise<void>
  /** Removes all that is left of the pod: its directory and its log directory. */
  removePod(podUid: string, logDirectory: string): Promise<void>
  /** Pods that have a directory here. */
  podUids(): Promise<readonly string[]>
}

export interface ResolverConfig {
  readonly servers: readonly string[]
  readonly searches: readonly string[]
  readonly options: readonly string[]
}

export type HostPathCheck = '' | 'DirectoryOrCreate' | 'Directory' | 'FileOrCreate' | 'File' | 'Socket' | 'CharDevice' | 'BlockDevice'

export type VolumePlan =
  | { readonly type: 'directory'; readonly name: string; readonly groupId: number | undefined }
  | { readonly type: 'memory'; readonly name: string; readonly groupId: number | undefined; readonly sizeLimitBytes: number | undefined }
  | { readonly type: 'host-path'; readonly name: string; readonly path: string; readonly check: HostPathCheck }
  | FilesVolume

/** Files that the node keeps up to date, all at once. Secret ones never touch a disk. */
export interface FilesVolume {
  readonly type: 'files'
  readonly name: string
  readonly groupId: number | undefined
  readonly secret: boolean
  readonly files: readonly VolumeFile[]
}

export interface VolumeFile {
  /** Relative, may have directories; validated: no .., not absolute. */
  readonly path: string
  readonly content: Uint8Array
  readonly mode: number
  readonly userId?: number
}

export interface SubPathRequest {
  readonly volume: string
  readonly container: string
  /** Number of the mount in the container. */
  readonly index: number
  readonly volumePath: string
  readonly subPath: string
  readonly groupId: number | undefined
}
