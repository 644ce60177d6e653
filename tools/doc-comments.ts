/** What a definition and its fields are for. The definition's own text stands under the empty name. */
export type Texts = Readonly<Record<string, string>>

const COMMENT_ON_ONE_LINE = /^\s*\/\*\* (.*) \*\/$/
const DEFINITION = /^export (?:interface|type) (\w+)/
const FIELD = /^ {4}(?:readonly )?"?([$\w-]+)"?\??: /

/**
 * The doc comments of the interfaces in a declaration file, by interface and field: a comment belongs to the line after it.
 *   /** A pod. *\/
 *   export interface Pod {            { Pod: { '': 'A pod.', spec: 'What it shall be.' } }
 *       /** What it shall be. *\/
 *       spec?: PodSpec;
 */
export function docComments(declarations: string): Readonly<Record<string, Texts>> {
  const found: Record<string, Record<string, string>> = {}
  let current: Record<string, string> = {}
  for (const { comment, line } of commentedLines(declarations)) {
    const definition = DEFINITION.exec(line)?.[1]
    if (definition !== undefined) current = found[definition] = {}
    const name = definition === undefined ? FIELD.exec(line)?.[1] : ''
    if (name !== undefined && comment !== '') current[name] = comment
  }
  return found
}

function* commentedLines(text: string): Generator<{ readonly comment: string; readonly line: string }> {
  let comment = ''
  let open: string[] | undefined
  for (const line of text.split('\n')) {
    if (open !== undefined) {
      const ends = /^\s*\*\/$/.test(line)
      if (!ends) open.push(line.replace(/^\s*\* ?/, ''))
      if (ends) comment = open.join('\n')
      if (ends) open = undefined
    } else if (/^\s*\/\*\*$/.test(line)) {
      open = []
    } else if (COMMENT_ON_ONE_LINE.test(line)) {
      comment = COMMENT_ON_ONE_LINE.exec(line)?.[1] ?? ''
    } else {
      yield { comment: comment.replaceAll('*\\/', '*/').trim(), line }
      comment = ''
    }
  }
}
