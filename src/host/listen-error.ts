/** The server cannot listen; the message says where and how to choose another place. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

export function listenError(error: Error, host: string, port: number): Error {
  const code = 'code' in error ? error.code : undefined
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  if (code === 'EADDRINUSE') {
    return new ListenError(`The address ${place} is in use by another program. Choose another port with --port, or stop that program.`)
  }
  if (code === 'EACCES') return new ListenError(`This user may not listen on ${place}. Choose a port above 1023 with --port.`)
  if (code === 'EADDRNOTAVAIL') return new ListenError(`This machine does not have the address ${host}.`)
  return new ListenError(`Listening on ${place} failed: ${error.message}`)
}
