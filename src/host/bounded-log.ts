import { copyFileSync, statSync, truncateSync } from 'node:fs'

/** What a log file may grow to before it starts anew; the one before it is kept as FILE.1. */
const LIMIT_BYTES = 16 * 1024 * 1024

/** For logs of programs that append for as long as they live: the file is emptied under them. Lines of that very moment may be lost. */
export function boundLog(file: string, limitBytes = LIMIT_BYTES): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size <= limitBytes) return
  copyFileSync(file, `${file}.1`)
  truncateSync(file, 0)
}
