import type { Container } from '../resources/generated/types.ts'

/**
 * What makes a running container stale. Only the image of a pod's container can change in place, and hashing no more than that means that
 * a newer node agent, which may know more fields, never restarts what runs. FNV-1a, 32 bits.
 */
export function specHash(container: Container): string {
  let hash = 0x811c9dc5
  for (const character of `${container.name}\n${container.image ?? ''}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
  }
  return hash.toString(16).padStart(8, '0')
}
