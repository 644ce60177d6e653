import type { Revision } from '../../store/store.ts'

/** Revisions lie in files as 8 bytes, big-endian, so that their order as bytes is their order as numbers. */
const TWO_TO_32 = 0x1_0000_0000

export function writeRevision(row: Buffer, revision: Revision, offset: number): void {
  row.writeUInt32BE(Math.floor(revision / TWO_TO_32), offset)
  row.writeUInt32BE(revision % TWO_TO_32, offset + 4)
}

export function readRevision(row: Buffer, offset: number): Revision {
  return row.readUInt32BE(offset) * TWO_TO_32 + row.readUInt32BE(offset + 4)
}
