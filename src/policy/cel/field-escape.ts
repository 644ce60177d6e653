/** Names that are reserved in CEL: a property of that name is written __name__. */
const RESERVED: ReadonlySet<string> = new Set([
  'true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package',
  'namespace', 'return', 'var', 'void', 'while',
])

const ACCESSIBLE = /^[a-zA-Z_.\-/][a-zA-Z0-9_.\-/]*$/
const REPLACED: Readonly<Record<string, string>> = { __: '__underscores__', '.': '__dot__', '-': '__dash__', '/': '__slash__' }

/** How an expression writes a property: x-y as x__dash__y. Undefined where it cannot. */
export function escapeField(name: string): string | undefined {
  if (RESERVED.has(name)) return `__${name}__`
  return ACCESSIBLE.test(name) ? name.replace(/__|[.\-/]/g, (part) => REPLACED[part] ?? part) : undefined
}
