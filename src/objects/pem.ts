import { fromBase64 } from '../words/bytes.ts'

/** RFC 7468: what stands between BEGIN and END lines. */
export interface PemBlock {
  /** CERTIFICATE, CERTIFICATE REQUEST, ... */
  readonly label: string
  /** Lines of the form name: value before the content. */
  readonly hasHeaders: boolean
  readonly bytes: Uint8Array
}

// A content stops at the next five dashes, so that many beginnings without an end cost no more than their length.
const BLOCK = /-----BEGIN ([^\n-]*)-----[ \t]*\r?\n([^-]*(?:-(?!----)[^-]*)*)-----END \1-----/g
const HEADER = /^[^\n:]+:[^\n]*$/m

/** The blocks of a text, in order; what stands around them is ignored, and a block that is no base64 is none. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = []
  for (const [, label = '', content = ''] of text.matchAll(BLOCK)) {
    const hasHeaders = HEADER.test(content)
    const bytes = fromBase64(content.replace(/^[^\n:]+:[^\n]*$/gm, '').replace(/\s/g, ''))
    if (bytes !== undefined) blocks.push({ label, hasHeaders, bytes })
  }
  return blocks
}
