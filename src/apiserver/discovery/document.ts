import { jsonText, parseJson } from '../../objects/json-text.ts'
import { textOf, utf8 } from '../../words/bytes.ts'
import type { ServerRequest, ServerResponse } from '../http.ts'
import { contentHash } from './content-hash.ts'

/** A document that is the same for everybody until the served kinds change. */
export interface Document {
  readonly bytes: Uint8Array
  /** Of the content; the same whether it travels packed or not. */
  readonly etag: string
  readonly contentType: string
}

export function jsonDocument(value: object, contentType = 'application/json'): Document {
  return documentOf(utf8(jsonText(value)), contentType)
}

/** The same content, as people read it. */
export function indented(document: Document): Document {
  return { ...document, bytes: utf8(`${jsonText(parseJson(textOf(document.bytes)), 2)}\n`) }
}

export function documentOf(bytes: Uint8Array, contentType: string): Document {
  return { bytes, etag: `"${contentHash(bytes)}"`, contentType }
}

/** 304 where the client has it already. */
export function respond(request: ServerRequest, document: Document, extraHeaders: Readonly<Record<string, string>> = {}): ServerResponse {
  const headers = { etag: document.etag, vary: 'Accept', 'cache-control': 'no-cache, private', ...extraHeaders }
  const known = request.headers['if-none-match']
  if (known !== undefined && known.includes(document.etag)) return { type: 'whole', status: 304, headers, body: [] }
  return { type: 'whole', status: 200, headers: { ...headers, 'content-type': document.contentType }, body: [document.bytes] }
}

/** Makes a document on its first use, and anew after the source has become another one (compared by identity). */
export class DocumentCache<Source extends object, Made = Document> {
  readonly #documents = new Map<string, Made>()
  readonly #source: () => Source
  #madeFrom: Source | undefined

  constructor(source: () => Source) {
    this.#source = source
  }

  get(name: string, make: (source: Source) => Made): Made {
    const source = this.#source()
    if (source !== this.#madeFrom) {
      this.#documents.clear()
      this.#madeFrom = source
    }
    const known = this.#documents.get(name)
    if (known !== undefined) return known
    const made = make(source)
    this.#documents.set(name, made)
    return made
  }

  /** Lets the next use make it again. */
  forget(name: string): void {
    this.#documents.delete(name)
  }
}
