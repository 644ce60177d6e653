import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { assert } from '../../words/assert.ts'
import { DataDirectoryError } from './data-directory-error.ts'

/**
 * LMDB maps its file into memory and trusts it: a page that is missing at the end kills the process when it is touched, and a page
 * of rubbish may. So the file is looked at before LMDB opens it. Layout (lmdb.h, mdb.c of LMDB 0.9.90, little-endian): pages 0 and 1 are
 * metas, each the root of one snapshot; every page begins with number 8, transaction 8, padding 2, flags 2, lower 2, upper 2.
 */
const HEADER_BYTES = 24
const META_FLAG = 0x08
const BRANCH_FLAG = 0x01
const LEAF_FLAG = 0x02
const OVERFLOW_FLAG = 0x04
const MAGIC = 0xbeefc0de
const NODE_HEADER_BYTES = 8
const OVERFLOW_NODE = 0x01
const SUBTREE_NODE = 0x02
const NO_PAGE = 0xffff_ffff_ffff_ffffn
/** Offsets in a meta page, and in the record of a tree. */
const META = { magic: 24, mapBytes: 40, freeTree: 48, mainTree: 96, lastPage: 144, transaction: 152 }
const TREE_ROOT = 40
/** A file that is not too short is walked this far: all branch pages and many leaves. The rest is checked when it is read. */
const MAX_PAGES_WALKED = 16_384
const LARGEST_HEADER_READ = 65_536

interface Meta {
  readonly transaction: bigint
  readonly lastPage: bigint
  readonly roots: readonly bigint[]
}

/** Throws DataDirectoryError when the file is damaged. A missing or empty file is one that was never written, unless it must exist. */
export function checkDataFile(file: string, options: { mustExist: boolean }): void {
  const bytes = statSync(file, { throwIfNoEntry: false })?.size
  if (bytes === undefined || bytes === 0) {
    if (!options.mustExist) return
    throw damaged(file, bytes === undefined ? 'is missing' : 'is empty')
  }
  const descriptor = openSync(file, 'r')
  try {
    new DataFile(descriptor, file).check()
  } finally {
    closeSync(descriptor)
  }
}

class DataFile {
  readonly #descriptor: number
  readonly #file: string
  readonly #bytes: number
  #pageBytes = 0

  constructor(descriptor: number, file: string) {
    this.#descriptor = descriptor
    this.#file = file
    this.#bytes = fstatSync(descriptor).size
  }

  check(): void {
    const head = Buffer.alloc(Math.min(LARGEST_HEADER_READ, this.#bytes))
    readSync(this.#descriptor, head, 0, head.length, 0)
    this.#pageBytes = head.length < META.transaction ? 0 : head.readUInt32LE(META.freeTree)
    const isPageSize = this.#pageBytes >= 512 && this.#pageBytes <= 65_536 && Number.isInteger(Math.log2(this.#pageBytes))
    if (!isPageSize || this.#bytes < 2 * this.#pageBytes) throw damaged(this.#file, 'has a damaged beginning')
    const metas = [this.#meta(0), this.#meta(1)]
    const newest = (metas[0]?.transaction ?? 0n) >= (metas[1]?.transaction ?? 0n) ? metas[0] : metas[1]
    assert(newest !== undefined, 'there are two metas')
    // The file may end before the last page that was ever used, when that is free: then only the walk can tell.
    const isShort = BigInt(this.#bytes) < (newest.lastPage + 1n) * BigInt(this.#pageBytes)
    this.#walk(newest, isShort ? Infinity : MAX_PAGES_WALKED)
  }

  #meta(number: 0 | 1): Meta {
    const page = this.#page(BigInt(number))
    if ((flagsOf(page) & META_FLAG) === 0 || page.readUInt32LE(META.magic) !== MAGIC) throw damaged(this.#file, 'has a damaged beginning')
    return {
      transaction: page.readBigUInt64LE(META.transaction),
      lastPage: page.readBigUInt64LE(META.lastPage),
      roots: [META.freeTree, META.mainTree].map((tree) => page.readBigUInt64LE(tree + TREE_ROOT)),
    }
  }

  /** Breadth first, so that a bounded walk sees the upper levels of all trees. */
  #walk(meta: Meta, maxPages: number): void {
    let level = meta.roots
    for (let walked = 0; level.length > 0 && walked < maxPages; ) {
      const next: bigint[] = []
      for (const number of level) {
        if (number === NO_PAGE || walked++ >= maxPages) continue
        for (const child of this.#children(number, meta)) next.push(child)
      }
      level = next
    }
  }

  #children(number: bigint, meta: Meta): bigint[] {
    const page = this.#page(number)
    const flags = flagsOf(page) & (BRANCH_FLAG | LEAF_FLAG | OVERFLOW_FLAG)
    const isOwn = page.readBigUInt64LE(0) === number && page.readBigUInt64LE(8) <= meta.transaction && number <= meta.lastPage
    if (!isOwn || (flags !== BRANCH_FLAG && flags !== LEAF_FLAG)) throw damaged(this.#file, `is damaged at page ${number}`)
    // Offsets in a page count from the end of its header: first the nodes' places, up to lower, then free space, then the nodes.
    const end = HEADER_BYTES + page.readUInt16LE(HEADER_BYTES - 4)
    if (end > this.#pageBytes) throw damaged(this.#file, `is damaged at page ${number}`)
    const children: bigint[] = []
    for (let pointer = HEADER_BYTES; pointer < end; pointer += 2) {
      const node = HEADER_BYTES + page.readUInt16LE(pointer)
      if (node < end || node + NODE_HEADER_BYTES > this.#pageBytes) throw damaged(this.#file, `is damaged at page ${number}`)
      if (flags === BRANCH_FLAG) children.push(branchChild(page, node))
      else this.#addLeafChild(page, node, children)
    }
    return children
  }

  /** A leaf's node leads on when it is the root of another table, or when its value lies in pages of its own. */
  #addLeafChild(page: Buffer, node: number, children: bigint[]): void {
    const flags = page.readUInt16LE(node + 4)
    const data = node + NODE_HEADER_BYTES + page.readUInt16LE(node + 6)
    if ((flags & SUBTREE_NODE) !== 0) children.push(page.readBigUInt64LE(data + TREE_ROOT))
    else if ((flags & OVERFLOW_NODE) !== 0) this.#checkOverflow(page.readBigUInt64LE(data))
  }

  #checkOverflow(number: bigint): void {
    const page = this.#page(number)
    if (page.readBigUInt64LE(0) !== number || (flagsOf(page) & OVERFLOW_FLAG) === 0) {
      throw damaged(this.#file, `is damaged at page ${number}`)
    }
    const pages = BigInt(page.readUInt32LE(HEADER_BYTES - 4))
    if ((number + pages) * BigInt(this.#pageBytes) > BigInt(this.#bytes)) throw this.#truncated()
  }

  #page(number: bigint): Buffer {
    const page = Buffer.allocUnsafe(this.#pageBytes)
    const position = number * BigInt(this.#pageBytes)
    if (position + BigInt(this.#pageBytes) > BigInt(this.#bytes)) throw this.#truncated()
    readSync(this.#descriptor, page, 0, this.#pageBytes, Number(position))
    return page
  }

  #truncated(): DataDirectoryError {
    return damaged(this.#file, `is cut off: pages that it refers to lie beyond its end (${this.#bytes} bytes)`)
  }
}

function flagsOf(page: Buffer): number {
  return page.readUInt16LE(HEADER_BYTES - 6)
}

/** 48 bits: low, high, and what flags are in leaves. */
function branchChild(page: Buffer, node: number): bigint {
  return BigInt(page.readUInt32LE(node)) | (BigInt(page.readUInt16LE(node + 4)) << 32n)
}

export function damaged(file: string, what: string): DataDirectoryError {
  return new DataDirectoryError(
    `The data file ${file} ${what}. Nothing was changed. Restore it from a backup; or, to begin with an empty cluster, move its whole directory away.`)
}
