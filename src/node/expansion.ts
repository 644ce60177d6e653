/**
 * Replaces $(NAME) by the variable's value; an unknown one stays as it is, and $$ is a plain $.
 * $(HOME)/x -> /root/x, $$(HOME) -> $(HOME), $(UNKNOWN) -> $(UNKNOWN), $HOME -> $HOME
 */
export function expand(text: string, valueOf: (name: string) => string | undefined): string {
  if (!text.includes('$')) return text
  let result = ''
  let at = 0
  while (at < text.length) {
    const dollar = text.indexOf('$', at)
    if (dollar === -1) return result + text.slice(at)
    result += text.slice(at, dollar)
    const next = text[dollar + 1]
    const close = next === '(' ? text.indexOf(')', dollar + 2) : -1
    if (next === '$') {
      result += '$'
      at = dollar + 2
    } else if (close !== -1) {
      result += valueOf(text.slice(dollar + 2, close)) ?? text.slice(dollar, close + 1)
      at = close + 1
    } else {
      result += '$'
      at = dollar + 1
    }
  }
  return result
}
