/** The data directory cannot be used as it is; the message says why and what a person can do. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError'
}
