import { readFileSync } from 'node:fs'
import type { LayerEntry } from './oci-layer.ts'

const BLOCK_BYTES = 512
const NAME_BYTES = 100
const PREFIX_BYTES = 155

/**
 * A tar archive (POSIX ustar, with pax records where a name is too long or not ASCII) of entries in their given order: owner as
 * given, time 0, no names of users. Written here because digests of images depend on every byte, also over updates of packages.
 */
export function tarOf(entries: Iterable<LayerEntry>): Uint8Array {
  const parts: Buffer[] = []
  for (const entry of entries) addEntry(parts, entry)
  parts.push(Buffer.alloc(BLOCK_BYTES * 2))
  return Buffer.concat(parts)
}

function addEntry(parts: Buffer[], entry: LayerEntry): void {
  const content = contentOf(entry)
  const name = entry.type === 'directory' ? `${entry.path}/` : entry.path
  const target = entry.type === 'symlink' ? entry.target : ''
  const place = splitName(name)
  const records = [...(place === undefined ? [paxRecord('path', name)] : []), ...(fits(target) ? [] : [paxRecord('linkpath', target)])]
  if (records.length > 0) addPax(parts, Buffer.concat(records))
  parts.push(header({
    ...(place ?? { name: 'long-name', prefix: '' }),
    type: entry.type === 'directory' ? '5' : entry.type === 'symlink' ? '2' : '0',
    mode: entry.type === 'symlink' ? 0o777 : entry.mode,
    userId: entry.type === 'symlink' ? 0 : (entry.userId ?? 0),
    groupId: entry.type === 'symlink' ? 0 : (entry.groupId ?? 0),
    sizeBytes: content.length,
    target: fits(target) ? target : '',
  }))
  addContent(parts, content)
}

function contentOf(entry: LayerEntry): Buffer {
  if (entry.type !== 'file') return Buffer.alloc(0)
  const { content } = entry
  return content instanceof Uint8Array ? Buffer.from(content.buffer, content.byteOffset, content.length) : readFileSync(content.hostPath)
}

function addContent(parts: Buffer[], content: Buffer): void {
  const rest = content.length % BLOCK_BYTES
  parts.push(content)
  if (rest > 0) parts.push(Buffer.alloc(BLOCK_BYTES - rest))
}

function addPax(parts: Buffer[], records: Buffer): void {
  parts.push(
    header({ name: 'pax-header', prefix: '', type: 'x', mode: 0o644, userId: 0, groupId: 0, sizeBytes: records.length, target: '' })
  )
  addContent(parts, records)
}

/** LENGTH KEY=VALUE newline, where the length counts itself: "12 path=abc\n". */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`)
  let length = rest.length
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return Buffer.concat([Buffer.from(String(length)), rest])
}

/** A long name is cut at a slash into a prefix and a name. Undefined when that is not possible. */
function splitName(name: string): { name: string; prefix: string } | undefined {
  if (fits(name)) return { name, prefix: '' }
  if (!isAscii(name)) return undefined
  for (let slash = name.indexOf('/'); slash >= 0 && slash <= PREFIX_BYTES; slash = name.indexOf('/', slash + 1)) {
    const rest = name.slice(slash + 1)
    if (slash > 0 && rest !== '' && rest.length <= NAME_BYTES) return { name: rest, prefix: name.slice(0, slash) }
  }
  return undefined
}

function fits(name: string): boolean {
  return isAscii(name) && name.length <= NAME_BYTES
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text)
}

interface Header {
  readonly name: string
  readonly prefix: string
  readonly type: '0' | '2' | '5' | 'x'
  readonly mode: number
  readonly userId: number
  readonly groupId: number
  readonly sizeBytes: number
  readonly target: string
}

function header(fields: Header): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  const octal = (value: number, offset: number, digits: number): void =>
    void block.write(value.toString(8).padStart(digits, '0'), offset, 'latin1')
  block.write(fields.name, 0, 'latin1')
  octal(fields.mode, 100, 7)
  octal(fields.userId, 108, 7)
  octal(fields.groupId, 116, 7)
  octal(fields.sizeBytes, 124, 11)
  octal(0, 136, 11)
  block.write(' '.repeat(8), 148, 'latin1')
  block.write(fields.type, 156, 'latin1')
  block.write(fields.target, 157, 'latin1')
  block.write('ustar\0' + '00', 257, 'latin1')
  block.write(fields.prefix, 345, 'latin1')
  // The checksum is taken with spaces in its own place.
  octal(block.reduce((sum, byte) => sum + byte, 0), 148, 6)
  block[154] = 0
  return block
}
