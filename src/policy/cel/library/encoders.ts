import { fromBase64, toBase64 } from '../../../words/bytes.ts'
import type { CostOf } from '../call-cost.ts'
import { declare, overload } from '../declaration.ts'
import type { Library } from '../environment.ts'
import { bytesType, stringType } from '../types.ts'
import { CelError } from '../values.ts'
import { traversal } from './standard.ts'

const traversalCost: CostOf = traversal()

/** base64.encode and base64.decode, the latter with or without padding. */
export const encodersLibrary: Library = {
  name: 'encoders',
  functions: [
    declare('base64.encode', overload('base64_encode_bytes', [bytesType], stringType, toBase64)),
    declare('base64.decode', overload('base64_decode_string', [stringType], bytesType, (text: string) => {
      const padded = text.endsWith('=') ? text : text.padEnd(Math.ceil(text.length / 4) * 4, '=')
      return fromBase64(padded) ?? new CelError('illegal base64 data')
    })),
  ],
  costs: new Map([['base64_encode_bytes', traversalCost], ['base64_decode_string', traversalCost]]),
}
