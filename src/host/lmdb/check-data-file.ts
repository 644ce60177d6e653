import { statSync } from 'node:fs'
import { DataDirectoryError } from './data-directory-error.ts'

export function checkDataFile(file: string, options: { mustExist: boolean }): void {
  if (statSync(file, { throwIfNoEntry: false }) === undefined && options.mustExist) throw new DataDirectoryError(`The data file ${file} is missing. Restore it from a backup, or use another directory.`)
}
