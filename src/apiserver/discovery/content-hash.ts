/** Sixteen hexadecimal digits that change with the text: for ETag and ?hash=, where nobody has an interest in a collision. */
export function contentHash(bytes: Uint8Array): string {
  return fnv1a(bytes, 0x811c9dc5) + fnv1a(bytes, 0x01234567)
}

/** The 32-bit FNV-1a hash. */
function fnv1a(bytes: Uint8Array, seed: number): string {
  let hash = seed
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0).toString(16).toUpperCase().padStart(8, '0')
}
