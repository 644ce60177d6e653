import type { Opening, ValueSealer } from '../../store/sealed-store.ts'
import type { KeyRange } from '../../store/store.ts'
import { thrownMessage } from '../../words/thrown.ts'
import { CannotOpen, SEALED_MARK, type Provider } from './provider.ts'

/** The first of the providers seals, all of them open. */
export interface SealingRule {
  /** secrets, deployments.apps, *.apps, *. (the core group), *.* */
  readonly resources: readonly string[]
  readonly providers: readonly Provider[]
}

const MAX_REMEMBERED_RESOURCES = 10_000
const MARK_BYTES = Buffer.from(SEALED_MARK)
const NONE: readonly Provider[] = []

/** Chooses providers by the object's key: objects/GROUP/RESOURCE/..., where the core group is called core. */
export function createValueSealer(rules: readonly SealingRule[]): ValueSealer {
  const chosen = new Map<string, readonly Provider[]>()
  const providersOf = (key: string): readonly Provider[] => {
    const prefix = key.slice(0, key.indexOf('/', key.indexOf('/', 'objects/'.length) + 1))
    let providers = chosen.get(prefix)
    if (providers === undefined) {
      if (chosen.size >= MAX_REMEMBERED_RESOURCES) chosen.clear()
      chosen.set(prefix, (providers = chooseProviders(rules, prefix)))
    }
    return providers
  }
  return {
    seal: (key, plain) => providersOf(key)[0]?.seal(key, plain) ?? plain,
    opening: (key, stored) => openingWith(providersOf(key), key, stored),
    isCurrent(key, stored) {
      const [first] = providersOf(key)
      if (first === undefined || first.prefix === '') return !isSealed(stored)
      const body = bodyOf(first, stored)
      return body !== undefined && first.isCurrent(body)
    },
  }
}

/** Where objects may lie that the rules speak of. */
export function sealedRanges(rules: readonly SealingRule[]): readonly KeyRange[] {
  const prefixes = rules.flatMap(({ resources }) => resources.map((pattern) => {
    const { resource, group } = parsePattern(pattern)
    if (group === '*') return 'objects/'
    const inGroup = `objects/${group === '' ? 'core' : group}/`
    return resource === '*' ? inGroup : `${inGroup}${resource}/`
  }))
  const wanted = [...new Set(prefixes)].filter((prefix) => !prefixes.some((wider) => wider !== prefix && prefix.startsWith(wider)))
  return wanted.map((prefix) => ({ start: prefix, end: `${prefix.slice(0, -1)}0` }))
}

/** A resource belongs to the first pattern that fits; what later rules say of the very same pattern is added, for reading. */
function chooseProviders(rules: readonly SealingRule[], prefix: string): readonly Provider[] {
  const [, group = '', resource = ''] = prefix.split('/')
  const fits = [`${resource}${group === 'core' ? '' : `.${group}`}`, `*.${group === 'core' ? '' : group}`, '*.*']
  const pattern = rules.flatMap(({ resources }) => resources).find((candidate) => fits.includes(normalPattern(candidate)))
  if (pattern === undefined) return NONE
  return rules.filter(({ resources }) => resources.some((candidate) => normalPattern(candidate) === normalPattern(pattern))).flatMap(
    ({ providers }) => providers
  )
}

function normalPattern(pattern: string): string {
  const { resource, group } = parsePattern(pattern)
  return group === '' && resource !== '*' ? resource : `${resource}.${group}`
}

/** secrets: the core group; deployments.apps: up to the first dot. */
export function parsePattern(pattern: string): { readonly resource: string; readonly group: string } {
  const dot = pattern.indexOf('.')
  return dot < 0 ? { resource: pattern, group: '' } : { resource: pattern.slice(0, dot), group: pattern.slice(dot + 1) }
}

function openingWith(providers: readonly Provider[], key: string, stored: Uint8Array): Opening | Promise<Opening> {
  if (!isSealed(stored)) {
    if (providers.length === 0 || providers.some(({ prefix }) => prefix === '')) return () => stored
    throw problem(
      key, 'the stored value is not sealed (no matching prefix found)',
      'Add the provider "identity" to the end of the list for this resource'
    )
  }
  const fitting = providers.flatMap((provider) => {
    const body = provider.prefix === '' ? undefined : bodyOf(provider, stored)
    return body === undefined ? [] : [{ provider, body }]
  })
  if (fitting.length === 0) {
    const missing = `${sealedBy(stored)}, which the encryption configuration does not have for this resource (no matching prefix found)`
    throw problem(key, `the stored value was sealed by ${missing}`,
      'Put that provider back, below the first one, until all values are sealed anew')
  }
  const openings = fitting.map(({ provider, body }) => explained(provider, key, () => provider.opening(key, body)))
  return openings.some((opening) => opening instanceof Promise)
    ? Promise.all(openings).then((all) => () => firstOpened(all))
    : () => firstOpened(openings as readonly Opening[])
}

/** For a server without a configuration. */
export function requirePlain(key: string, stored: Uint8Array): void {
  if (!isSealed(stored)) return
  throw problem(key, `the stored value was sealed by ${sealedBy(stored)}, and this cluster is started without an encryption configuration`,
    'Start it with: lotse up --encryption-config FILE')
}

/** Two keys may have the same name: the first that opens the value is the right one. */
function firstOpened(openings: readonly Opening[]): Uint8Array {
  let failure: unknown
  for (const open of openings) {
    try {
      return open()
    } catch (error) {
      failure ??= error
    }
  }
  throw failure
}

function explained(provider: Provider, key: string, opening: () => Opening | Promise<Opening>): Opening | Promise<Opening> {
  const explain = (error: unknown): Error => (error instanceof CannotOpen
    ? problem(key, `the stored value does not open with ${provider.title}: ${error.message}`,
        'Restore the key that it was sealed with; where the data itself is damaged, restore it from a copy')
    : problem(
      key, `the stored value cannot be opened with ${provider.title}: ${thrownMessage(error)}`,
      'See that the provider works, then start again'
    ))
  const open = (inner: Opening): Opening => () => {
    try {
      return inner()
    } catch (error) {
      throw explain(error)
    }
  }
  try {
    const found = opening()
    return found instanceof Promise ? found.then(open, (error: unknown) => { throw explain(error) }) : open(found)
  } catch (error) {
    throw explain(error)
  }
}

function isSealed(stored: Uint8Array): boolean {
  // Nearly every plain value is JSON, whose first byte decides.
  return stored[0] === MARK_BYTES[0] && startsWith(stored, MARK_BYTES)
}

function bodyOf({ prefix }: Provider, stored: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(prefix)
  return startsWith(stored, bytes) ? stored.subarray(bytes.length) : undefined
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length >= start.length && start.every((byte, index) => bytes[index] === byte)
}

/** aesgcm "key1": what the prefix tells. Names are no secrets. */
function sealedBy(stored: Uint8Array): string {
  const [, , type = '', , name = ''] = Buffer.from(stored.subarray(0, 400)).toString('latin1').split(':')
  return `${type.replace(/[^a-z0-9]/g, '')} ${JSON.stringify(name.replace(/[^\x20-\x7e]/g, '?').slice(0, 253))}`
}

/** objects/core/secrets/shop/token is secrets "shop/token". */
function problem(key: string, what: string, remedy: string): Error {
  const [, group = '', resource = '', ...name] = key.split('/')
  return new Error(`${resource}${group === 'core' ? '' : `.${group}`} ${JSON.stringify(name.join('/'))}: ${what}. ${remedy}.`)
}
