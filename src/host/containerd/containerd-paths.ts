import { join } from 'node:path'

/** Where one cluster's containerd lives. Nothing of it is shared with another cluster or with the machine's own containerd. */
export interface ContainerdPaths {
  readonly configFile: string
  /** Images and snapshots; kept over a restart of the machine. */
  readonly rootDirectory: string
  /** Running containers; belongs on a tmpfs. */
  readonly stateDirectory: string
  readonly socket: string
  readonly pidFile: string
  readonly logFile: string
  /** One directory per registry, with its hosts.toml. */
  readonly registriesDirectory: string
  readonly optDirectory: string
  readonly networkConfigDirectory: string
}

/** A unix socket's path has at most 107 bytes. */
const SOCKET_PATH_LIMIT_BYTES = 107

/** dataDirectory is for what stays, runDirectory (below /run) for what a restart of the machine may take. */
export function containerdPaths(dataDirectory: string, runDirectory: string): ContainerdPaths {
  const base = join(dataDirectory, 'containerd')
  const socket = join(runDirectory, 'containerd.sock')
  // containerd adds .ttrpc for its second socket.
  if (Buffer.byteLength(`${socket}.ttrpc`) > SOCKET_PATH_LIMIT_BYTES) {
    throw new Error(`The run directory's path is too long for a unix socket (${socket}): choose a shorter one`)
  }
  return {
    configFile: join(base, 'config.toml'),
    rootDirectory: join(base, 'root'),
    stateDirectory: join(runDirectory, 'containerd'),
    socket,
    pidFile: join(runDirectory, 'containerd.pid'),
    logFile: join(base, 'containerd.log'),
    registriesDirectory: join(base, 'certs.d'),
    optDirectory: join(base, 'opt'),
    networkConfigDirectory: join(base, 'net.d'),
  }
}
