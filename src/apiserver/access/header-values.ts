/** Repeated header lines arrive joined by a comma and a blank. A bare comma may be part of a group's name (LDAP). */
export function headerValues(header: string | undefined): readonly string[] {
  return header === undefined ? [] : header.split(', ').filter((value) => value !== '')
}

/** Keys carry characters that header names cannot, percent-encoded: acme.com%2fproject. What is no such code stays as it is. */
export function headerKey(text: string): string {
  try {
    return decodeURIComponent(text).toLowerCase()
  } catch {
    return text
  }
}
