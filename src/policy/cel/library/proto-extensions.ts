import type { Expr } from '../ast.ts'
import type { Library } from '../environment.ts'
import { argument, isOn, memberMacro, type MacroCall } from '../macro.ts'
import { qualifiedName } from '../names.ts'
import { SyntaxIssue } from '../token.ts'

/** proto.getExt(message, package.extension) and proto.hasExt: fields whose names have dots. */
export const protoExtensionsLibrary: Library = {
  name: 'proto extensions',
  macros: [
    memberMacro('getExt', 2, (make, call) => (
      isOn(call, 'proto') ? make.select(call.at, argument(call, 0), extensionName(call)) : undefined
    )),
    memberMacro('hasExt', 2, (make, call) => (
      isOn(call, 'proto') ? make.presence(call.at, argument(call, 0), extensionName(call)) : undefined
    )),
  ],
}

function extensionName(call: MacroCall): string {
  const expr: Expr = argument(call, 1)
  const name = qualifiedName(expr)
  if (name === undefined) throw new SyntaxIssue('invalid extension field', expr.at)
  return name
}
