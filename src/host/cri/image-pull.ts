import type { RegistryCredentials, RuntimeResult } from '../../node/runtime.ts'
import { RuntimeFailure } from '../../node/runtime.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { CriClient } from './cri-client.ts'
import type { Image } from './cri-messages.ts'

/** A pull that takes longer is given up; containerd keeps the layers that it has. */
const PULL_TIMEOUT_MS = 15 * 60_000

/** Domain, path, tag and digest as the distribution specification has them; upper case is allowed in domains only. */
const IMAGE_NAME = new RegExp(
  '^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?/)?'
  + '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*'
  + '(?::[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127})?(?:@sha256:[0-9a-f]{64})?$')

export function isImageName(name: string): boolean {
  return name.length <= 1024 && IMAGE_NAME.test(name)
}

export function invalidImageName(image: string): RuntimeFailure {
  const problem = `couldn't parse image name "${image}": invalid reference format`
  return new RuntimeFailure('InvalidImageName', `Failed to apply default image tag "${image}": ${problem}`)
}

export interface PullRequest {
  readonly image: string
  readonly credentials: readonly RegistryCredentials[]
}

/** Pulls with each of the credentials, and without any where there are none. */
export async function pullImage(client: CriClient, request: PullRequest, signal: AbortSignal): Promise<RuntimeResult> {
  const { image } = request
  if (!isImageName(image)) throw invalidImageName(image)
  const before = await findImage(client, image, signal)
  const attempts = request.credentials.length === 0 ? [undefined] : request.credentials
  const problems: string[] = []
  for (const credentials of attempts) {
    try {
      const auth = credentials === undefined ? {} : { auth: { username: credentials.userName, password: credentials.password } }
      const pulled = await client.pullImage({ image: { image }, ...auth }, { timeoutMs: PULL_TIMEOUT_MS, signal })
      const after = await findImage(client, image, signal)
      // name@digest, as the statuses of its containers will have it.
      const alreadyPresent = before !== undefined && before.id === after?.id
      return { type: 'image', imageId: after?.repoDigests[0] ?? pulled.imageRef, alreadyPresent }
    } catch (error) {
      if (error instanceof RuntimeFailure) throw error
      signal.throwIfAborted()
      problems.push(thrownMessage(error))
    }
  }
  throw new RuntimeFailure('ErrImagePull', [...new Set(problems)].join('; '))
}

async function findImage(client: CriClient, image: string, signal: AbortSignal): Promise<Image | undefined> {
  try {
    const answer = await client.imageStatus({ image: { image } }, { signal })
    return answer.image
  } catch (error) {
    signal.throwIfAborted()
    throw new RuntimeFailure('ImageInspectError', `Failed to inspect image "${image}": ${thrownMessage(error)}`)
  }
}
