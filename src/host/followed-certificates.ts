import { watchConfig, type ConfigWatchPorts } from '../apiserver/access/config/config-watch.ts'

/** Certificates that are in use, as a value that is equal (as JSON) as long as they are. */
export interface FollowedCertificates<T> {
  /** For the log: serving certificate. */
  readonly what: string
  readonly file: string
  readonly inForce: T
  /** Absent: as often as at configuration files. */
  readonly lookEveryMs?: number | undefined
  /** What the files hold, right or wrong. */
  look(): T
  /** The same; throws an Error that names the file and what is wrong with it. */
  read(): T
  use(certificates: T): void | Promise<void>
}

/** What those who follow certain files say; which files, and how they are read, is said for them. */
export type FollowedUse<T> = Pick<FollowedCertificates<T>, 'inForce' | 'lookEveryMs' | 'use'>

/** Takes changed files into force until the signal aborts. */
export async function followCertificates<T>(
  followed: FollowedCertificates<T>, ports: ConfigWatchPorts, signal: AbortSignal,
): Promise<void> {
  const { what, file, inForce, use, lookEveryMs } = followed
  const look = (): string => JSON.stringify(followed.look())
  const useAgain = async (): Promise<string> => {
    const certificates = followed.read()
    await use(certificates)
    return JSON.stringify(certificates)
  }
  await watchConfig({ what, file, inForce: JSON.stringify(inForce), look, use: useAgain, counts: undefined, lookEveryMs }, ports, signal)
}
