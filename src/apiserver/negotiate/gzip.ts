import type { ByteSink, CopyingSink } from '../http.ts'

/** Packs bytes as gzip does, away from the thread that serves. */
export interface Gzip {
  zip(bytes: Uint8Array): Promise<Uint8Array>
  unzip(bytes: Uint8Array): Promise<Uint8Array>
  /** Packs what is written, quickly rather than small, on its way to the sink. */
  packing(sink: ByteSink): PackingSink
}

export interface PackingSink extends CopyingSink {
  /** Resolves when the sink has all of it. */
  end(): Promise<void>
  /** Gives up what is not packed yet. */
  abandon(): void
}

/** gzip, deflate -> yes; gzip;q=0 -> no. */
export function acceptsGzip(header: string | undefined): boolean {
  if (header === undefined) return false
  // As Go's clients ask.
  if (header === 'gzip') return true
  return header.split(',').some((clause) => {
    const [coding, ...parameters] = clause.split(';').map((part) => part.trim())
    return (coding === 'gzip' || coding === '*') && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))
  })
}
