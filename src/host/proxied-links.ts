/** What a page or a redirect of a backend calls itself, and where its clients find it. */
export interface ProxiedPlace {
  /** /api/v1/namespaces/shop/pods/web/proxy */
  readonly basePath: string
  /** The backend's own: 10.0.0.1:8080. */
  readonly backendHost: string
  /** As the client calls this server: lotse.example.com:6443. */
  readonly clientHost: string
}

/** The link with the base path before its path, where it leads to the backend's root. Relative links and other hosts stay. */
export function rewrittenLink(link: string, { basePath, backendHost, clientHost }: ProxiedPlace): string {
  const [, space = '', scheme = '', authority = '', path = ''] = LINK.exec(link) ?? []
  const host = authority.slice(2).toLowerCase()
  const isHere = host === '' ? scheme === '' && authority === '' : host === backendHost || host === clientHost.toLowerCase()
  if (!isHere || !path.startsWith('/')) return link
  const start = host === backendHost ? space : `${space}${scheme}${authority}`
  const base = path === basePath || path.startsWith(`${basePath}/`) ? '' : basePath
  return `${start}${base}${link.slice(space.length + scheme.length + authority.length)}`
}

/** Space, scheme, authority, path: RFC 3986, appendix B. */
const LINK = /^([\t\n\f\r ]*)([a-z][a-z0-9+.-]*:)?(\/\/[^/?#]*)?([^?#]*)/i

/** Where HTML has links. */
const LINK_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  a: ['href'], applet: ['codebase'], area: ['href'], audio: ['src'], base: ['href'], blockquote: ['cite'], body: ['background'],
  button: ['formaction'], command: ['icon'], del: ['cite'], embed: ['src'], form: ['action'], frame: ['longdesc', 'src'], head: ['profile'],
  html: ['manifest'], iframe: ['longdesc', 'src'], img: ['longdesc', 'src', 'usemap'], input: ['formaction', 'src', 'usemap'],
  ins: ['cite'], link: ['href'], object: ['classid', 'codebase', 'data', 'usemap'], q: ['cite'], script: ['src'], source: ['src'],
  video: ['poster', 'src'],
}

/** Names of tags and attributes are shorter. */
const NAME_BYTES = 32
/** A longer link stays as it is. */
const LINK_BYTES = 8192

/**
 * HTML with its links rewritten, and every other byte as it was, in any encoding that has ASCII in it. What has come is passed on at
 * once, but for what may become a link.
 */
export async function* withLinksRewritten(source: AsyncIterable<Uint8Array>, place: ProxiedPlace): AsyncGenerator<Uint8Array> {
  // Only who asks for a page needs it.
  const { Tokenizer } = await import('htmlparser2')
  const page = new Page(place)
  const tokenizer = new Tokenizer({ decodeEntities: false }, page)
  for await (const chunk of source) {
    const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1')
    page.take(text)
    tokenizer.write(text)
    const ready = page.give()
    if (ready !== '') yield Buffer.from(ready, 'latin1')
  }
  const rest = page.giveRest()
  if (rest !== '') yield Buffer.from(rest, 'latin1')
}

/** What a tokenizer says of a page, by offsets from its beginning; a byte is a character. */
class Page {
  readonly #place: ProxiedPlace
  /** What has not been given yet, and where in the page it begins. */
  #held = ''
  #heldFrom = 0
  /** What has been given of it in other words. */
  #ready = ''
  #links: readonly string[] = []
  #isInTag = false
  /** Of the attribute that is being read: a link, until its end. */
  #isLink = false
  #linkFrom: number | undefined
  #linkTo = 0

  constructor(place: ProxiedPlace) {
    this.#place = place
  }

  take(text: string): void {
    this.#held += text
  }

  give(): string {
    const end = this.#heldFrom + this.#held.length
    if (this.#linkFrom !== undefined && end - this.#linkFrom > LINK_BYTES) this.#forgetLink()
    if (this.#linkFrom !== undefined) this.#giveTo(this.#linkFrom)
    else this.#giveTo(this.#isInTag ? end - NAME_BYTES : this.#startOfTag(end))
    return this.#taken()
  }

  giveRest(): string {
    this.#giveTo(this.#heldFrom + this.#held.length)
    return this.#taken()
  }

  onopentagname(start: number, end: number): void {
    this.#links = LINK_ATTRIBUTES[this.#name(start, end)] ?? []
    this.#isInTag = true
  }

  onattribname(start: number, end: number): void {
    this.#forgetLink()
    this.#isLink = this.#links.length > 0 && this.#links.includes(this.#name(start, end))
  }

  onattribdata(start: number, end: number): void {
    if (!this.#isLink) return
    this.#linkFrom ??= start
    this.#linkTo = end
  }

  onattribend(): void {
    const [from, to] = [this.#linkFrom, this.#linkTo]
    this.#forgetLink()
    if (from === undefined || from < this.#heldFrom) return
    this.#giveTo(from)
    this.#ready += rewrittenLink(this.#held.slice(0, to - from), this.#place)
    this.#drop(to - from)
  }

  onopentagend(): void {
    this.#isInTag = false
  }

  onselfclosingtag(): void {
    this.#isInTag = false
  }

  onattribentity(): void {}
  oncdata(): void {}
  onclosetag(): void {}
  oncomment(): void {}
  ondeclaration(): void {}
  onend(): void {}
  onprocessinginstruction(): void {}
  ontext(): void {}
  ontextentity(): void {}

  #forgetLink(): void {
    this.#isLink = false
    this.#linkFrom = undefined
  }

  #name(start: number, end: number): string {
    if (start < this.#heldFrom || end - start > NAME_BYTES) return ''
    return this.#held.slice(start - this.#heldFrom, end - this.#heldFrom).toLowerCase()
  }

  #startOfTag(end: number): number {
    const tag = this.#held.lastIndexOf('<')
    const isOpen = tag !== -1 && this.#held.length - tag <= NAME_BYTES && !this.#held.includes('>', tag)
    return isOpen ? this.#heldFrom + tag : end
  }

  #giveTo(offset: number): void {
    const count = Math.max(0, offset - this.#heldFrom)
    this.#ready += this.#held.slice(0, count)
    this.#drop(count)
  }

  #drop(count: number): void {
    this.#held = this.#held.slice(count)
    this.#heldFrom += count
  }

  #taken(): string {
    const ready = this.#ready
    this.#ready = ''
    return ready
  }
}
