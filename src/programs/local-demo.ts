import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import type { DemoImage, DemoTools } from '../cli/demo-tools.ts'
import type { Report } from '../cli/machine.ts'
import { writeRegistryHost } from '../host/containerd/containerd.ts'
import { containerdPaths } from '../host/containerd/containerd-paths.ts'
import { ensurePackages } from '../host/debian-packages.ts'
import { ensureRegistry } from '../host/image/docker-registry.ts'
import type { OciImage } from '../host/image/oci-image.ts'
import { hasImage, pushImage, type PushTarget } from '../host/image/registry-push.ts'
import { writePrivateFile } from '../host/private-file.ts'
import { mustRun } from '../host/run-command.ts'
import { clusterPaths } from './cluster-paths.ts'
import { buildRecipe, demoRecipes, recipeInputs, type ImageRecipe } from './demo-images.ts'
import { adminClient } from './local-client.ts'

/** The registry's name in the manifests; containerd is told where on loopback it really is. */
const REGISTRY_NAME = 'demo.lotse.local'
const REGISTRY_PORT = 5000
const DEMO_PACKAGES = [
  { package: 'docker-registry', provides: ['docker-registry'] },
  { package: 'redis-server', provides: ['redis-server'] },
]

interface BuildRecord {
  readonly inputs: string
  readonly image: Omit<DemoImage, 'reused'>
}

export function createLocalDemo(): DemoTools {
  const signal = new AbortController().signal
  /** Built in this run, by repository: what may have to be pushed. */
  const built = new Map<string, OciImage>()
  const exampleDirectory = join(import.meta.dirname, '../../examples/guestbook')
  // apt takes a second to say what the packages are: it is asked once.
  let recipes: Promise<readonly ImageRecipe[]> | undefined
  const allRecipes = (): Promise<readonly ImageRecipe[]> => (recipes ??= demoRecipes(exampleDirectory))
  return {
    exampleDirectory,
    async buildImages(config, report) {
      await ensurePackages(DEMO_PACKAGES, { onProgress: report, signal })
      await startRegistry(config, signal)
      return await Promise.all((await allRecipes()).map((recipe) => provideImage(config, recipe, built, report, signal)))
    },
    async serveImages(config, _images, report) {
      for (const recipe of await allRecipes()) {
        const image = built.get(recipe.repository)
        const target = targetOf(config, recipe)
        report(recipe.repository)
        if (image !== undefined && !(await hasImage(image, target, signal))) await pushImage(image, target, signal)
      }
      const paths = clusterPaths(config)
      writeRegistryHost(containerdPaths(paths.nodeDirectory, paths.runDirectory), {
        host: REGISTRY_NAME,
        address: registryAddress(config),
        plainHttp: true,
      })
      return `${REGISTRY_NAME} on ${registryAddress(config)}`
    },
    connect: (config) => Promise.resolve(adminClient(config)),
    killContainer: (config, containerId) => killContainer(config, containerId, signal),
  }
}

/** Where the demo's registry keeps everything; `down` stops it there. */
export function registryDirectory(config: ClusterConfig): string {
  return join(clusterPaths(config).demoDirectory, 'registry')
}

function registryAddress(config: ClusterConfig): string {
  return `127.0.0.1:${REGISTRY_PORT + config.index}`
}

async function startRegistry(config: ClusterConfig, signal: AbortSignal): Promise<void> {
  mkdirSync(registryDirectory(config), { recursive: true, mode: 0o700 })
  await ensureRegistry({ directory: registryDirectory(config), port: REGISTRY_PORT + config.index }, signal)
}

function targetOf(config: ClusterConfig, recipe: ImageRecipe): PushTarget {
  return { host: registryAddress(config), repository: recipe.repository, tag: recipe.tag }
}

/** Builds unless the inputs are those of the last time and the registry still has what came of them. */
async function provideImage(
  config: ClusterConfig,
  recipe: ImageRecipe,
  built: Map<string, OciImage>,
  report: Report,
  signal: AbortSignal
): Promise<DemoImage> {
  const recordFile = join(clusterPaths(config).demoDirectory, `${recipe.repository}.json`)
  const inputs = await recipeInputs(recipe)
  const record = existsSync(recordFile) ? (JSON.parse(readFileSync(recordFile, 'utf8')) as BuildRecord) : undefined
  if (record?.inputs === inputs && (await registryHas(config, recipe, record.image.digest))) return { ...record.image, reused: true }
  report(recipe.repository)
  const image = await buildRecipe(recipe, signal)
  built.set(recipe.repository, image)
  const result = {
    reference: `${REGISTRY_NAME}/${recipe.repository}:${recipe.tag}`,
    digest: image.manifest.digest,
    sizeBytes: image.layers.reduce((sum, layer) => sum + layer.bytes.length, 0),
  }
  writePrivateFile(recordFile, JSON.stringify({ inputs, image: result } satisfies BuildRecord))
  return { ...result, reused: false }
}

async function registryHas(config: ClusterConfig, recipe: ImageRecipe, digest: string): Promise<boolean> {
  const response = await fetch(`http://${registryAddress(config)}/v2/${recipe.repository}/manifests/${digest}`, {
    method: 'HEAD',
    headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
  })
  return response.status === 200
}

async function killContainer(config: ClusterConfig, containerId: string, signal: AbortSignal): Promise<void> {
  const paths = clusterPaths(config)
  const { socket } = containerdPaths(paths.nodeDirectory, paths.runDirectory)
  await mustRun('ctr', ['--address', socket, '--namespace', 'k8s.io', 'tasks', 'kill', '--signal', 'SIGKILL', containerId], { signal })
}
