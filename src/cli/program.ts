import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { thrownMessage } from '../words/thrown.ts'
import { checkName } from './cluster-config.ts'
import { demo } from './commands/demo.ts'
import { down } from './commands/down.ts'
import { logs } from './commands/logs.ts'
import { printKubeconfig } from './commands/print-kubeconfig.ts'
import { status } from './commands/status.ts'
import { up } from './commands/up.ts'
import { version } from './commands/version.ts'
import { UsageError } from './errors.ts'
import type { ServerFiles } from './server-files.ts'
import type { Invocation } from './invocation.ts'

interface CommonOptions {
  readonly name: string
  readonly dataDir?: string
  readonly output: 'text' | 'json'
}

interface UpValues {
  readonly port?: number
  readonly nodes: '0' | '1'
  readonly certificateLifetime?: number
}

const EXIT_OK = 0
const EXIT_FAILURE = 1
const EXIT_USAGE = 2

/** Runs one command line; resolves to the exit code. Data goes to stdout, everything else to stderr. */
export async function runCommandLine(
  argv: readonly string[],
  context: Omit<Invocation, 'name' | 'dataDirectory' | 'json'>
): Promise<number> {
  const program = createProgram(context)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return EXIT_OK
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE
    context.errors.write(`lotse: ${thrownMessage(error)}\n`)
    return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE
  }
}

function createProgram(context: Omit<Invocation, 'name' | 'dataDirectory' | 'json'>): Command {
  const program = new Command('lotse')
    .description('A Kubernetes-compatible container orchestrator in one program.')
    .version(context.machine.version, '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({ writeOut: (text) => context.data.write(text), writeErr: (text) => context.errors.write(text) })
    .showHelpAfterError('Run "lotse --help" or "lotse COMMAND --help" to see what there is.')
  const invocation = (options: CommonOptions): Invocation => ({
    ...context,
    name: options.name,
    dataDirectory: options.dataDir,
    json: options.output === 'json',
  })
  addUp(program, invocation)
  addDown(program, invocation)
  common(program.command('status').description('Show what runs: process ids, addresses, versions, memory')).action(
    (options: CommonOptions) => status(invocation(options))
  )
  addDemo(program, invocation)
  common(program.command('kubeconfig').description('Print a kubeconfig for this cluster alone')).action((options: CommonOptions) =>
    printKubeconfig(invocation(options))
  )
  addLogs(program, invocation)
  common(program.command('version').description('Print the versions of Lotse and of the API')).action((options: CommonOptions) =>
    version(invocation(options))
  )
  return program
}

type MakeInvocation = (options: CommonOptions) => Invocation

function addUp(program: Command, invocation: MakeInvocation): void {
  common(program.command('up').description('Start a cluster, or do nothing where it runs already'))
    .option('--port <port>', 'port of the API server (default: 6443, and one of its own for each further cluster)', port)
    .addOption(
      new Option('--nodes <count>', 'nodes on this machine; 0 is a control plane alone and needs no root').choices(['0', '1']).default('1')
    )
    .option('--encryption-config <file>', 'seal what is stored as this EncryptionConfiguration says')
    .option('--audit-policy <file>', 'write down who asked for what, as this audit Policy says')
    .option('--audit-log <file>', 'where to (default: logs/audit.log in the data directory)')
    .option('--audit-webhook-config <file>', 'a kubeconfig of a server that gets the audit events too')
    .option('--authentication-config <file>', 'let in whom this AuthenticationConfiguration names: users of JWT issuers, anonymous ones')
    .option('--authorization-config <file>', 'who is asked what users may do, as this AuthorizationConfiguration says')
    .option('--admission-config <file>', 'which admission plug-ins run beside the usual ones, and how, as this AdmissionConfiguration says')
    .option('--token-webhook-config <file>', 'a kubeconfig of a server that knows whose a token is')
    .option('--certificate-lifetime <duration>', 'how long certificates count, as 12h or 90d (default: 365d)', lifetime)
    .action(({ port: wanted, nodes, certificateLifetime, ...options }: CommonOptions & ServerFiles & UpValues) => up(invocation(options), {
      port: wanted, nodes: nodes === '0' ? 0 : 1, serverFiles: options, certificateLifetimeSeconds: certificateLifetime,
    }))
}

function addDown(program: Command, invocation: MakeInvocation): void {
  common(program.command('down').description('Stop a cluster and its containers; its data stays'))
    .option('--purge', 'remove everything that the cluster made, its data too', false)
    .action((options: CommonOptions & { purge: boolean }) => down(invocation(options), { purge: options.purge }))
}

function addDemo(program: Command, invocation: MakeInvocation): void {
  common(program.command('demo').description('From a bare machine to a running two-tier application'))
    .option('--port <port>', 'port of the API server', port)
    .action((options: CommonOptions & { port?: number }) => demo(invocation(options), { port: options.port }))
}

function addLogs(program: Command, invocation: MakeInvocation): void {
  common(program.command('logs').description("Print the logs of the cluster's own parts"))
    .argument('[part]', 'server, node or containerd; all of them by default')
    .option('-f, --follow', 'go on as lines come', false)
    .option('--tail <lines>', 'only the last lines of each part', wholeNumber)
    .action((part: string | undefined, options: CommonOptions & { follow: boolean; tail?: number }) =>
      logs(invocation(options), { part, follow: options.follow, tailLines: options.tail }))
}

function common(command: Command): Command {
  return command
    .option('--name <name>', 'name of the cluster', name, 'default')
    .option('--data-dir <directory>', 'where the cluster keeps its data')
    .addOption(new Option('--output <format>', 'how results are printed').choices(['text', 'json']).default('text'))
    .exitOverride()
}

function name(text: string): string {
  try {
    return checkName(text)
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : '')
  }
}

function port(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 65535) throw new InvalidArgumentError('a port is a whole number from 1 to 65535.')
  return value
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('this takes a whole number from 0 on.')
  return value
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }
/** A renewal takes a moment, and so does taking it into use. */
const SHORTEST_LIFETIME_SECONDS = 20
const LONGEST_LIFETIME_SECONDS = 365 * 86_400

function lifetime(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const seconds = Number(count) * (UNIT_SECONDS[unit] ?? 0)
  if (seconds < SHORTEST_LIFETIME_SECONDS || seconds > LONGEST_LIFETIME_SECONDS) {
    throw new InvalidArgumentError('this takes a duration from 20s to 365d: a whole number and one of s, m, h, d.')
  }
  return seconds
}
