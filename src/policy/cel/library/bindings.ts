import { UNUSED_VARIABLE } from '../ast.ts'
import type { Library } from '../environment.ts'
import { argument, isOn, memberMacro, variableName } from '../macro.ts'

/** cel.bind(name, value, expression): a name for a value that is used more than once. */
export const bindingsLibrary: Library = {
  name: 'bindings',
  macros: [
    memberMacro('bind', 3, (make, call) => {
      if (!isOn(call, 'cel')) return undefined
      const name = variableName(argument(call, 0), 'cel.bind() variable names must be simple identifiers')
      return make.comprehension(call.at, {
        range: make.listOf(call.at),
        variable: UNUSED_VARIABLE,
        secondVariable: undefined,
        accumulator: name,
        initial: argument(call, 1),
        condition: make.constant(call.at, false),
        step: make.ident(call.at, name),
        result: argument(call, 2),
      })
    }),
  ],
}
