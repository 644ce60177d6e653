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
const WORD_BYTES = 8
/** The first two are metas. */
const FIRST_PAGE = 2n
/** A file that is not too short is walked this far: all branch pages and many leaves. The rest is checked when it is read. */
const MAX_PAGES_WALKED = 16_384
const LARGEST_HEADER_READ = 65_536

interface Meta {
  readonly transaction: bigint
  readonly lastPage: bigint
  readonly roots: readonly TreePage[]
}

interface TreePage {
  readonly number: bigint
  /** Of the tree that lists free pages, which LMDB writes to without another look at them. */
  readonly isOfFreeTree: boolean
}

/** What stands at one place of a page: a key and its value, or the way to other pages. */
interface PageNode {
  readonly page: Buffer
  readonly at: number
  readonly pageNumber: bigint
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
      roots: [META.freeTree, META.mainTree].map((tree) => ({
        number: page.readBigUInt64LE(tree + TREE_ROOT), isOfFreeTree: tree === META.freeTree,
      })),
    }
  }

  /** Breadth first, so that a bounded walk sees the upper levels of all trees. */
  #walk(meta: Meta, maxPages: number): void {
    let level = meta.roots
    for (let walked = 0; level.length > 0 && walked < maxPages; ) {
      const next: TreePage[] = []
      for (const treePage of level) {
        if (treePage.number === NO_PAGE || walked++ >= maxPages) continue
        for (const child of this.#children(treePage, meta)) next.push(child)
      }
      level = next
    }
  }

  #children({ number, isOfFreeTree }: TreePage, meta: Meta): TreePage[] {
    const page = this.#page(number)
    const flags = flagsOf(page) & (BRANCH_FLAG | LEAF_FLAG | OVERFLOW_FLAG)
    const isOwn = page.readBigUInt64LE(0) === number && page.readBigUInt64LE(8) <= meta.transaction && number <= meta.lastPage
    if (!isOwn || (flags !== BRANCH_FLAG && flags !== LEAF_FLAG)) throw this.#damagedAt(number)
    // Offsets in a page count from the end of its header: first the nodes' places, up to lower, then free space, and from upper the nodes.
    const lower = HEADER_BYTES + page.readUInt16LE(HEADER_BYTES - 4)
    const upper = HEADER_BYTES + page.readUInt16LE(HEADER_BYTES - 2)
    if (lower > upper || upper > this.#pageBytes) throw this.#damagedAt(number)
    const children: TreePage[] = []
    for (let pointer = HEADER_BYTES; pointer < lower; pointer += 2) {
      const at = HEADER_BYTES + page.readUInt16LE(pointer)
      if (at < upper || endOf(page, at, flags) > this.#pageBytes) throw this.#damagedAt(number)
      if (flags === BRANCH_FLAG) children.push({ number: branchChild(page, at), isOfFreeTree })
      else this.#checkLeafNode({ page, at, pageNumber: number }, isOfFreeTree, { meta, children })
    }
    return children
  }

  /** It leads on when it is the root of another table, or when its value lies in pages of its own. */
  #checkLeafNode(node: PageNode, isOfFreeTree: boolean, { meta, children }: { readonly meta: Meta; readonly children: TreePage[] }): void {
    const { page, at, pageNumber } = node
    const flags = page.readUInt16LE(at + 4)
    const data = at + NODE_HEADER_BYTES + page.readUInt16LE(at + 6)
    if ((flags & SUBTREE_NODE) !== 0) {
      children.push({ number: page.readBigUInt64LE(data + TREE_ROOT), isOfFreeTree: false })
      return
    }
    const valueBytes = page.readUInt32LE(at)
    const isElsewhere = (flags & OVERFLOW_NODE) !== 0
    const first = isElsewhere ? page.readBigUInt64LE(data) : pageNumber
    if (isElsewhere) this.#checkOverflow(first, valueBytes, meta)
    if (!isOfFreeTree) return
    const list = isElsewhere
      ? this.#bytesAt(first * BigInt(this.#pageBytes) + BigInt(HEADER_BYTES), valueBytes)
      : page.subarray(data, data + valueBytes)
    if (!isFreeList(list, meta.lastPage)) throw this.#damagedAt(first)
  }

  #checkOverflow(number: bigint, valueBytes: number, meta: Meta): void {
    const page = this.#page(number)
    const pages = page.readUInt32LE(HEADER_BYTES - 4)
    const isOwn = page.readBigUInt64LE(0) === number && (flagsOf(page) & OVERFLOW_FLAG) !== 0
    if (!isOwn || HEADER_BYTES + valueBytes > pages * this.#pageBytes || number + BigInt(pages) - 1n > meta.lastPage) {
      throw this.#damagedAt(number)
    }
    if ((number + BigInt(pages)) * BigInt(this.#pageBytes) > BigInt(this.#bytes)) throw this.#truncated()
  }

  #page(number: bigint): Buffer {
    return this.#bytesAt(number * BigInt(this.#pageBytes), this.#pageBytes)
  }

  #bytesAt(position: bigint, length: number): Buffer {
    if (position + BigInt(length) > BigInt(this.#bytes)) throw this.#truncated()
    const bytes = Buffer.allocUnsafe(length)
    readSync(this.#descriptor, bytes, 0, length, Number(position))
    return bytes
  }

  #damagedAt(number: bigint): DataDirectoryError {
    return damaged(this.#file, `is damaged at page ${number}`)
  }

  #truncated(): DataDirectoryError {
    return damaged(this.#file, `is cut off: pages that it refers to lie beyond its end (${this.#bytes} bytes)`)
  }
}

function flagsOf(page: Buffer): number {
  return page.readUInt16LE(HEADER_BYTES - 6)
}

/** Where a node ends: behind its key in a branch; in a leaf behind its value, or behind the number of the page that the value begins at. */
function endOf(page: Buffer, at: number, pageFlags: number): number {
  const keyEnd = at + NODE_HEADER_BYTES
  // The node's own header may lie beyond the page.
  if (keyEnd > page.length) return Infinity
  const valueStart = keyEnd + page.readUInt16LE(at + 6)
  if (pageFlags === BRANCH_FLAG) return valueStart
  const flags = page.readUInt16LE(at + 4)
  if ((flags & OVERFLOW_NODE) !== 0) return valueStart + WORD_BYTES
  return valueStart + Math.max(page.readUInt32LE(at), (flags & SUBTREE_NODE) === 0 ? 0 : TREE_ROOT + WORD_BYTES)
}

/** How many words follow, then pages; a negative word says how many pages there are from the next one on, and 0 is an empty place. */
function isFreeList(list: Buffer, lastPage: bigint): boolean {
  const words = list.length < WORD_BYTES ? -1n : list.readBigUInt64LE(0)
  if (words < 0n || (words + 1n) * BigInt(WORD_BYTES) > BigInt(list.length)) return false
  const end = (Number(words) + 1) * WORD_BYTES
  for (let at = WORD_BYTES; at < end; at += WORD_BYTES) {
    const word = list.readBigInt64LE(at)
    if (word === 0n) continue
    if (word < 0n) at += WORD_BYTES
    if (at === end) return false
    const [first, count] = word < 0n ? [list.readBigInt64LE(at), -word] : [word, 1n]
    if (first < FIRST_PAGE || count > lastPage || first + count - 1n > lastPage) return false
  }
  return true
}

/** 48 bits: low, high, and what flags are in leaves. */
function branchChild(page: Buffer, node: number): bigint {
  return BigInt(page.readUInt32LE(node)) | (BigInt(page.readUInt16LE(node + 4)) << 32n)
}

export function damaged(file: string, what: string): DataDirectoryError {
  return new DataDirectoryError(
    `The data file ${file} ${what}. Nothing was changed. Restore it from a backup; or, to begin with an empty cluster, move its whole directory away.`)
}
