/** One line per phase with its seconds: rewritten in place on a terminal, plain lines otherwise. */
export interface Output {
  write(text: string): void
  readonly isTerminal: boolean
  readonly columns: number
  readonly color: boolean
}

export interface PhaseTime {
  readonly phase: string
  readonly seconds: number
  readonly note: string
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const
const SPIN_MS = 100

export class Phases {
  readonly times: PhaseTime[] = []
  readonly #output: Output
  readonly #quiet: boolean

  constructor(output: Output, options: { readonly quiet: boolean }) {
    this.#output = output
    this.#quiet = options.quiet
  }

  /** Runs the work and prints its line. The work may report what it is at, and may return a note for the finished line. */
  async run<T>(
    phase: string,
    work: (report: (progress: string) => void) => Promise<T>,
    noteOf: (result: T) => string = () => ''
  ): Promise<T> {
    const start = performance.now()
    const seconds = (): number => (performance.now() - start) / 1000
    const spinner = this.#startSpinner(phase, seconds)
    try {
      const result = await work(spinner.report)
      spinner.stop()
      const note = noteOf(result)
      this.times.push({ phase, seconds: seconds(), note })
      this.#line(this.#paint('32', '✓'), phase, seconds(), note)
      return result
    } catch (error) {
      spinner.stop()
      this.#line(this.#paint('31', '✗'), phase, seconds(), 'failed')
      throw error
    }
  }

  #startSpinner(phase: string, seconds: () => number): { report: (progress: string) => void; stop: () => void } {
    if (this.#quiet || !this.#output.isTerminal) return { report() {}, stop() {} }
    let progress = ''
    let turn = 0
    const draw = (): void => {
      const line = `${SPINNER[turn % SPINNER.length] ?? ''} ${phase}  ${seconds().toFixed(1)} s${progress === '' ? '' : `  ${progress}`}`
      turn += 1
      this.#output.write(`\r\x1b[2K${line.slice(0, this.#output.columns - 1)}`)
    }
    const timer = setInterval(draw, SPIN_MS)
    return {
      report(text) {
        progress = text
      },
      stop: () => {
        clearInterval(timer)
        this.#output.write('\r\x1b[2K')
      },
    }
  }

  #line(mark: string, phase: string, seconds: number, note: string): void {
    if (this.#quiet) return
    const time = `${seconds.toFixed(1)} s`.padStart(7)
    this.#output.write(`${mark} ${time}  ${phase}${note === '' ? '' : `: ${note}`}\n`)
  }

  #paint(code: string, text: string): string {
    return this.#output.color ? `\x1b[${code}m${text}\x1b[0m` : text
  }
}
