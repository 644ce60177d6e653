import { parseIp } from '../../../objects/ports-and-addresses.ts'

/** What is wrong with a text that is no address, in the words of Go's net/netip, which users of these functions know. */
export function addressProblem(text: string): string {
  const shown = text.slice(0, 60)
  const { what, at } = problemOf(shown)
  return `ParseAddr(${JSON.stringify(shown)}): ${what}${at === undefined || at === '' ? '' : ` (at ${JSON.stringify(at)})`}`
}

/** The same of a text that is no range of addresses: 10.0.0.0/33 */
export function prefixProblem(text: string): string {
  const shown = text.slice(0, 60)
  const slash = shown.lastIndexOf('/')
  const [address, bits] = [shown.slice(0, Math.max(0, slash)), shown.slice(slash + 1)]
  const say = (what: string): string => `netip.ParsePrefix(${JSON.stringify(shown)}): ${what}`
  if (slash < 0) return say("no '/'")
  const zone = address.indexOf('%')
  if (zone > 0 && parseIp(address.slice(0, zone))?.family === 6) return say('IPv6 zones cannot be present in a prefix')
  if (parseIp(address) === undefined) return say(addressProblem(address))
  return say(/^(?:0|[1-9]\d*)$/.test(bits) ? 'prefix length out of range' : `bad bits after slash: ${JSON.stringify(bits)}`)
}

interface Problem {
  readonly what: string
  /** Where the fault begins; all of what follows is shown. */
  readonly at?: string
}

function problemOf(text: string): Problem {
  switch (/[.:%]/.exec(text)?.[0]) {
    case '.': return v4Problem(text)
    case ':': return v6Problem(text)
    case '%': return { what: 'missing IPv6 address' }
    default: return { what: 'unable to parse IP' }
  }
}

function v4Problem(text: string): Problem {
  const strange = text.search(/[^\d.]/)
  const fields = (strange < 0 ? text : text.slice(0, strange)).split('.')
  let at = 0
  for (const [index, field] of fields.entries()) {
    if (/^0\d/.test(field)) return { what: 'IPv4 field has octet with leading zero' }
    if (Number(field) > 255) return { what: 'IPv4 field has value >255' }
    // A last field that a strange character ends is not over yet.
    if (field === '' && !(strange >= 0 && index === fields.length - 1)) {
      const isLast = index === fields.length - 1
      return { what: 'IPv4 field must have at least one digit', at: text.slice(isLast ? at - 1 : at) }
    }
    if (index === 4) return { what: 'IPv4 address too long' }
    at += field.length + 1
  }
  return strange >= 0 ? { what: 'unexpected character', at: text.slice(strange) } : { what: 'IPv4 address too short' }
}

function v6Problem(text: string): Problem {
  const [address = '', zone] = text.split('%', 2)
  if (zone === '') return { what: 'zone must be a non-empty string' }
  let [groups, hadGap, rest] = [0, false, address]
  if (rest.startsWith('::')) [hadGap, rest] = [true, rest.slice(2)]
  for (; rest !== '' && groups < 8; groups++) {
    const digits = /^[0-9a-f]*/i.exec(rest)?.[0] ?? ''
    if (digits === '') return { what: 'each colon-separated field must have at least one digit', at: rest }
    if (digits.length > 4) return { what: 'each group must have 4 or less digits', at: rest }
    const after = rest.slice(digits.length)
    if (after.startsWith('.')) return embeddedProblem(groups, hadGap, rest)
    if (after !== '' && !after.startsWith(':')) return { what: 'unexpected character, want colon', at: after }
    if (after === ':') return { what: 'colon must be followed by more characters', at: after }
    rest = after.slice(1)
    if (!rest.startsWith(':')) continue
    if (hadGap) return { what: 'multiple :: in address', at: rest }
    ;[hadGap, rest] = [true, rest.slice(1)]
  }
  if (rest !== '') return { what: 'trailing garbage after address', at: rest }
  return { what: groups < 8 ? 'address string too short' : 'the :: must expand to at least one field of zeros' }
}

function embeddedProblem(groups: number, hadGap: boolean, rest: string): Problem {
  if (!hadGap && groups !== 6) return { what: 'embedded IPv4 address must replace the final 2 fields of the address', at: rest }
  if (groups > 6) return { what: 'too many hex fields to fit an embedded IPv4 at the end of the address', at: rest }
  return v4Problem(rest)
}
