const FNV_PRIME = 0x01000193

/**
 * Sixteen hexadecimal digits that change with the text: for ETag and ?hash=, where nobody has an interest in a collision. The 32-bit
 * FNV-1a hash, from two beginnings.
 */
export function contentHash(bytes: Uint8Array): string {
  let [left, right] = [0x811c9dc5, 0x01234567]
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0
    left = Math.imul(left ^ byte, FNV_PRIME)
    right = Math.imul(right ^ byte, FNV_PRIME)
  }
  return hexadecimal(left) + hexadecimal(right)
}

function hexadecimal(hash: number): string {
  return (hash >>> 0).toString(16).toUpperCase().padStart(8, '0')
}
