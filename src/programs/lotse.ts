/** The command line: `lotse COMMAND`. */
import { runCommandLine } from '../cli/program.ts'
import type { Output } from '../cli/phases.ts'
import { createLocalDemo } from './local-demo.ts'
import { createLocalMachine } from './local-machine.ts'

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY === true,
    columns: stream.columns ?? 80,
    color: stream.isTTY === true && process.env['NO_COLOR'] === undefined,
  }
}

// A reader that goes away (lotse logs | head) is no error.
process.stdout.on('error', () => process.exit(0))

const machine = createLocalMachine(process.env)
process.exitCode = await runCommandLine(process.argv.slice(2), {
  machine,
  demoTools: createLocalDemo(),
  data: outputOf(process.stdout),
  errors: outputOf(process.stderr),
})
