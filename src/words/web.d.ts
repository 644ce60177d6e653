/**
 * What every JavaScript engine of the last years has and what is pure: text coding and cancellation.
 * The pure rooms compile without Node's and the DOM's types; this is all they get.
 */
interface AbortSignal {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: (() => void) | { handleEvent(): void }, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: (() => void) | { handleEvent(): void }): void
  throwIfAborted(): void
}
declare const AbortSignal: {
  abort(reason?: unknown): AbortSignal
  any(signals: Iterable<AbortSignal>): AbortSignal
}
declare class AbortController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>
  encodeInto(text: string, target: Uint8Array): { readonly read: number; readonly written: number }
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean })
  decode(bytes?: Uint8Array, options?: { stream?: boolean }): string
}
declare function queueMicrotask(callback: () => void): void
declare function atob(text: string): string
declare function btoa(text: string): string
declare class URLSearchParams implements Iterable<[string, string]> {
  readonly size: number
  constructor(init?: string | Record<string, string> | Iterable<[string, string]>)
  get(name: string): string | null
  getAll(name: string): string[]
  has(name: string): boolean
  set(name: string, value: string): void
  append(name: string, value: string): void
  delete(name: string): void
  toString(): string
  [Symbol.iterator](): IterableIterator<[string, string]>
}
