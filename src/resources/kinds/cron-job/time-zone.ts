import { invalidValue } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'

// A part of a name of the IANA database, https://data.iana.org/time-zones/theory.html#naming; digits and + are of older names.
const PART = /^[A-Za-z._0-9+][-A-Za-z._0-9+]{0,13}$/

export function checkTimeZone(errors: Errors, path: string, zone: string | undefined): void {
  if (zone === undefined) return
  if (zone === '') errors.push(invalidValue(path, zone, 'timeZone must be nil or non-empty string'))
  else if (zone.toLowerCase() === 'local') {
    errors.push(invalidValue(path, zone, 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'))
  } else if (!isNamed(zone) || !isKnown(zone)) errors.push(invalidValue(path, zone, `unknown time zone ${zone}`))
}

function isNamed(zone: string): boolean {
  return zone.split('/').every((part) => part !== '.' && part !== '..' && PART.test(part))
}

function isKnown(zone: string): boolean {
  // +01 is an offset, which the runtime takes and the database does not know.
  if (zone.startsWith('+')) return false
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions()
    // The runtime does not mind capitals, the database does. (Of an old name of a zone it tells only the new one.)
    return timeZone === zone || timeZone.toLowerCase() !== zone.toLowerCase()
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
