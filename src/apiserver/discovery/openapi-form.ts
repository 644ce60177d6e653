import { jsonText } from '../../objects/json-text.ts'
import { joinBytes, utf8 } from '../../words/bytes.ts'
import type { PathItem } from './openapi-paths.ts'
import type { OpenApiSchema } from './openapi-schema.ts'

/** What stands in a document once, beside its paths and definitions. */
export interface OpenApiHead {
  readonly info: { readonly title: string; readonly version: string }
  /** Those that paths of 2.0 refer to. */
  readonly parameters: Readonly<Record<string, object>>
  readonly security: readonly object[]
  readonly securitySchemes: Readonly<Record<string, object>>
}

/**
 * How a document becomes bytes, part by part: written as a whole, the objects of a document of two megabytes would be thirty, which a
 * server keeps for good.
 */
export interface OpenApiForm {
  path(path: string, item: PathItem): Uint8Array
  definition(name: string, schema: OpenApiSchema): Uint8Array
  whole(head: OpenApiHead, paths: readonly Uint8Array[], definitions: readonly Uint8Array[]): Uint8Array
}

const COMMA = utf8(',')

const member = (name: string, value: object): Uint8Array => utf8(`${jsonText(name)}:${jsonText(value)}`)

export const jsonV2: OpenApiForm = {
  path: member,
  definition: member,
  whole({ info, parameters, security, securitySchemes }, paths, definitions) {
    const rest = JSON.stringify({ parameters, security, securityDefinitions: securitySchemes })
    return joinBytes([
      utf8(`{"swagger":"2.0","info":${JSON.stringify(info)},"paths":{`), ...withCommas(paths),
      utf8('},"definitions":{'), ...withCommas(definitions),
      utf8(`},${rest.slice(1)}`),
    ])
  },
}

export const jsonV3: OpenApiForm = {
  path: member,
  definition: member,
  whole({ info, securitySchemes }, paths, definitions) {
    return joinBytes([
      utf8(`{"openapi":"3.0.0","info":${JSON.stringify(info)},"paths":{`), ...withCommas(paths), utf8('},"components":{"schemas":{'),
      ...withCommas(definitions), utf8(`},"securitySchemes":${JSON.stringify(securitySchemes)}}}`),
    ])
  },
}

function withCommas(members: readonly Uint8Array[]): readonly Uint8Array[] {
  return members.flatMap((part, index) => (index === 0 ? [part] : [COMMA, part]))
}
