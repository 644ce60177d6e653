/** The gRPC status codes that are told apart here. */
export const grpcStatus = {
  cancelled: 1,
  unknown: 2,
  deadlineExceeded: 4,
  notFound: 5,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const

/** A gRPC call failed: the server's code and sentence, or ours where the connection failed. */
export class GrpcFailure extends Error {
  override readonly name = 'GrpcFailure'
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof GrpcFailure && error.code === grpcStatus.notFound
}
