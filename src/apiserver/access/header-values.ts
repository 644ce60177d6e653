/** Between the lines of a header that was repeated, where it says who somebody is: no value can have it, as it ends a line. */
export const CLAIM_SEPARATOR = '\n'

/** Commas are part of a value: groups of LDAP have them. */
export function headerValues(header: string | undefined): readonly string[] {
  return header === undefined ? [] : header.split(CLAIM_SEPARATOR).map((value) => value.trim()).filter((value) => value !== '')
}

/** Of a header that counts once, its first line does. */
export function headerValue(header: string | undefined): string {
  return header === undefined || !header.includes(CLAIM_SEPARATOR) ? header ?? '' : header.slice(0, header.indexOf(CLAIM_SEPARATOR))
}

/** Keys carry characters that header names cannot, percent-encoded: acme.com%2fproject. What is no such code stays as it is. */
export function headerKey(text: string): string {
  try {
    return decodeURIComponent(text).toLowerCase()
  } catch {
    return text
  }
}
