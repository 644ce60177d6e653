import { request } from 'node:https'
import type { IssuerDocuments } from '../apiserver/access/jwt/issuer-keys.ts'
import { parseJson } from '../objects/json-text.ts'
import { isObject, type JsonObject } from '../objects/json.ts'
import { thrownMessage } from '../words/thrown.ts'
import { trusting } from './trusted-authorities.ts'

/** Reads what issuers publish, over TLS. They are asked rarely: no connection is kept. */
export const issuerDocuments: IssuerDocuments = {
  async fetch({ url, caPem, timeoutMs, maxBytes }) {
    try {
      return await get(url, { caPem, timeoutMs, maxBytes })
    } catch (error) {
      throw new Error(`Get ${JSON.stringify(url)}: ${thrownMessage(error)}`, { cause: error })
    }
  },
}

interface Limits {
  readonly caPem: string | undefined
  readonly timeoutMs: number
  readonly maxBytes: number
}

function get(url: string, { caPem, timeoutMs, maxBytes }: Limits): Promise<JsonObject> {
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(url), {
      method: 'GET', headers: { accept: 'application/json' }, agent: false, minVersion: 'TLSv1.2',
      ...trusting(caPem),
    })
    const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} seconds`)), timeoutMs)
    outgoing.on('close', () => clearTimeout(timer))
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      const { statusCode = 0 } = response
      if (statusCode !== 200) return void outgoing.destroy(new Error(`the server answered with status ${statusCode}`))
      const chunks: Buffer[] = []
      let received = 0
      response.on('data', (chunk: Buffer) => {
        received += chunk.length
        if (received <= maxBytes) return void chunks.push(chunk)
        reject(new Error(`the answer is larger than ${maxBytes} bytes`))
        outgoing.destroy()
      })
      response.on('error', reject)
      response.on('end', () => {
        try {
          const value: unknown = parseJson(Buffer.concat(chunks).toString('utf8'))
          if (!isObject(value)) throw new Error('the answer is no JSON object')
          resolve(value)
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      })
    })
    outgoing.end()
  })
}
