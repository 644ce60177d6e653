import { mkdir, open, stat } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import type { HostPathCheck } from '../../node/volumes/volume-host.ts'

/** Sees that a hostPath is of the wanted type, and makes what may be made. */
export async function checkHostPath(path: string, check: HostPathCheck): Promise<void> {
  if (!path.startsWith('/') || path.split('/').includes('..')) {
    throw new Error(`hostPath ${JSON.stringify(path)} must be absolute and without '..'`)
  }
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) {
    if (check === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 })
    else if (check === 'FileOrCreate') await (await open(path, 'a', 0o644)).close()
    // Without a check the runtime makes a directory, as it always did.
    else if (check === '') await mkdir(path, { recursive: true, mode: 0o755 })
    else throw new Error(`hostPath type check failed: ${path} is not ${DESCRIPTIONS[check]}`)
    return
  }
  if (check !== '' && !isOfType(found, check)) throw new Error(`hostPath type check failed: ${path} is not ${DESCRIPTIONS[check]}`)
}

const DESCRIPTIONS: Readonly<Record<Exclude<HostPathCheck, ''>, string>> = {
  DirectoryOrCreate: 'a directory', Directory: 'a directory', FileOrCreate: 'a file', File: 'a file',
  Socket: 'a socket file', CharDevice: 'a character device', BlockDevice: 'a block device',
}

function isOfType(found: Stats, check: Exclude<HostPathCheck, ''>): boolean {
  switch (check) {
    case 'DirectoryOrCreate': case 'Directory': return found.isDirectory()
    case 'FileOrCreate': case 'File': return found.isFile()
    case 'Socket': return found.isSocket()
    case 'CharDevice': return found.isCharacterDevice()
    case 'BlockDevice': return found.isBlockDevice()
  }
}
