import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { debianPackageFiles } from '../host/image/debian-files.ts'
import { buildImage, machineArchitecture, type ImageConfig, type OciImage } from '../host/image/oci-image.ts'
import type { LayerEntry } from '../host/image/oci-layer.ts'
import { mustRun } from '../host/run-command.ts'

/** How one image of the demo is made: nothing but Debian packages and the example's own files. */
export interface ImageRecipe {
  /** As in the registry: guestbook-web. */
  readonly repository: string
  readonly tag: string
  readonly packages: readonly string[]
  /** Which paths of the packages are left out. */
  readonly leftOut: RegExp
  readonly config: ImageConfig
  /** The example's own files: path in the image -> path here. */
  readonly files: Readonly<Record<string, string>>
}

const NOBODY = '65534:65534'
const DOCUMENTATION = /^usr\/share\/(doc\/(?![^/]+\/copyright$)|man|info|locale|lintian|bug|bash-completion)/
const PYTHON_EXTRAS =
  /^usr\/lib\/python3[^/]*\/([^/]*(test|idlelib|lib2to3|tkinter|ensurepip|distutils|pydoc_data|turtledemo|curses|sqlite3|multiprocessing|unittest|dbm)\b)/

export async function demoRecipes(exampleDirectory: string): Promise<readonly ImageRecipe[]> {
  const python = await pythonVersion()
  return [
    {
      repository: 'guestbook-cache',
      tag: '1',
      packages: ['redis-server', 'redis-tools'],
      leftOut: DOCUMENTATION,
      config: { command: ['/usr/bin/redis-server'], user: NOBODY, exposedPorts: ['6379/tcp'] },
      files: {},
    },
    {
      repository: 'guestbook-web',
      tag: '1',
      packages: [`python${python}-minimal`, `libpython${python}-minimal`, `libpython${python}-stdlib`],
      leftOut: new RegExp(`${DOCUMENTATION.source}|${PYTHON_EXTRAS.source}`),
      config: {
        entrypoint: [`/usr/bin/python${python}`, '-u', '/srv/server.py'],
        environment: ['PYTHONDONTWRITEBYTECODE=1', 'LANG=C.UTF-8'],
        user: NOBODY,
        exposedPorts: ['8080/tcp'],
      },
      files: { 'srv/server.py': join(exampleDirectory, 'web/server.py') },
    },
  ]
}

/** The release's own Python: 3.11 on Debian 12. */
async function pythonVersion(): Promise<string> {
  const depends = await mustRun('apt-cache', ['depends', 'python3-minimal'], {})
  const version = /Depends: python(3\.\d+)-minimal/.exec(depends)?.[1]
  if (version === undefined) throw new Error('apt-cache knows no python3-minimal: run "apt-get update", then try again')
  return version
}

/** Everything that the image depends on, as a digest: the same inputs give the same image. */
export async function recipeInputs(recipe: ImageRecipe): Promise<string> {
  const versions = await mustRun('apt-cache', ['policy', ...recipe.packages], {})
  const hash = createHash('sha256').update(JSON.stringify({ ...recipe, leftOut: recipe.leftOut.source })).update(versions)
  for (const path of Object.values(recipe.files)) hash.update(readFileSync(path))
  return hash.digest('hex')
}

/** Builds one image. The same packages and files give the same digest. */
export async function buildRecipe(recipe: ImageRecipe, signal: AbortSignal): Promise<OciImage> {
  const base = await debianPackageFiles(recipe.packages, { include: (path) => !recipe.leftOut.test(path), signal })
  try {
    return await buildImage(
      machineArchitecture(),
      recipe.config,
      [[...base.entries, ...foundations()], ownFiles(recipe)].filter((layer) => layer.length > 0)
    )
  } finally {
    base.close()
  }
}

/** What programs expect of a root file system beside their own files. */
function foundations(): LayerEntry[] {
  const text = (path: string, content: string): LayerEntry => ({ type: 'file', path, mode: 0o644, content: Buffer.from(content) })
  return [
    { type: 'directory', path: 'tmp', mode: 0o1777 },
    { type: 'directory', path: 'data', mode: 0o755, userId: 65534, groupId: 65534 },
    text('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n'),
    text('etc/group', 'root:x:0:\nnogroup:x:65534:\n'),
    text('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n'),
  ]
}

function ownFiles(recipe: ImageRecipe): LayerEntry[] {
  return Object.entries(recipe.files).map(([path, hostPath]) => ({ type: 'file', path, mode: 0o644, content: { hostPath } }))
}
