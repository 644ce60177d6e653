import type { SubPathRequest, VolumeHost, VolumePlan } from '../node/volumes/volume-host.ts'
import { textOf } from '../words/bytes.ts'

/** Volumes in memory: what is in place for which pod, as a real host would have it on its disk. It outlives agents. */
export class FakeVolumes implements VolumeHost {
  readonly #pods = new Map<string, Map<string, VolumePlan>>()

  /** The files of a volume as text by path; undefined: it is not in place. */
  files(podUid: string, volume: string): Record<string, string> | undefined {
    const plan = this.#pods.get(podUid)?.get(volume)
    return plan?.type === 'files' ? Object.fromEntries(plan.files.map(({ path, content }) => [path, textOf(content)])) : undefined
  }

  /** Pods of which anything is left, for checkers. */
  uids(): readonly string[] {
    return [...this.#pods.keys()]
  }

  async setUp(podUid: string, volume: VolumePlan): Promise<string> {
    this.#pod(podUid).set(volume.name, volume)
    return volume.type === 'host-path' ? volume.path : `/pods/${podUid}/volumes/${volume.name}`
  }

  async subPath(podUid: string, { volume, container, index }: SubPathRequest): Promise<string> {
    return `/pods/${podUid}/volume-subpaths/${volume}/${container}/${index}`
  }

  async writePodFile(podUid: string, name: string, _text: string): Promise<string> {
    this.#pod(podUid)
    return `/pods/${podUid}/${name}`
  }

  async terminationFile(podUid: string, container: string, attempt: number): Promise<string> {
    return `/pods/${podUid}/containers/${container}/${attempt}`
  }

  async hostHosts(): Promise<string> {
    return '127.0.0.1\tlocalhost\n'
  }

  async hostResolver(): Promise<{ servers: string[]; searches: string[]; options: string[] }> {
    return { servers: ['192.0.2.53'], searches: [], options: [] }
  }

  async tearDown(podUid: string): Promise<void> {
    this.#pods.get(podUid)?.clear()
  }

  async removePod(podUid: string, _logDirectory: string): Promise<void> {
    this.#pods.delete(podUid)
  }

  async podUids(): Promise<readonly string[]> {
    return [...this.#pods.keys()]
  }

  #pod(podUid: string): Map<string, VolumePlan> {
    const known = this.#pods.get(podUid) ?? new Map<string, VolumePlan>()
    this.#pods.set(podUid, known)
    return known
  }
}
