import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { writeWhole } from './whole-file.ts'

const MAX_PLACES = 16

/** Which kubeconfigs have got this cluster's entries: when its certificate is renewed, theirs is too. The newest first. */
export function knownPlaces(dataDirectory: string): readonly string[] {
  const file = fileIn(dataDirectory)
  if (!existsSync(file)) return []
  try {
    const places: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return Array.isArray(places) ? places.filter((place) => typeof place === 'string') : []
  } catch {
    // Written by nobody but notePlace, which writes it anew.
    return []
  }
}

export function notePlace(dataDirectory: string, kubeconfig: string): void {
  const place = resolve(kubeconfig)
  const known = knownPlaces(dataDirectory)
  if (known[0] === place) return
  const places = [place, ...known.filter((other) => other !== place)].slice(0, MAX_PLACES)
  writeWhole(fileIn(dataDirectory), `${JSON.stringify(places, null, 2)}\n`)
}

function fileIn(dataDirectory: string): string {
  return join(dataDirectory, 'kubeconfigs.json')
}
