import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deviceEnvironment, deviceSelectorProblem } from './device-selector.ts'

const environment = deviceEnvironment()

function problem(text: string): string | undefined {
  const found = deviceSelectorProblem(environment, { use: 'device-selector', path: 'cel', text, name: '', hasParams: false })
  return found === undefined ? undefined : (`${found.field}: ${found.message}`.split('\n')[0] ?? '')
}

test('expressions that choose devices', () => {
  const invalid = (text: string, detail: string): string => `cel: Invalid value: ${JSON.stringify(text)}: ${detail}`
  const table: [text: string, expected: string | undefined][] = [
    ['true', undefined],
    ['device.driver == "gpu.example.com"', undefined],
    ['device.attributes["gpu.example.com"].model == "a100"', undefined],
    ['device.attributes["gpu.example.com"].isHealthy', undefined],
    ['"gpu.example.com" in device.attributes && device.attributes["gpu.example.com"].?model.orValue("") == "x"', undefined],
    ['device.capacity["gpu.example.com"].memory.compareTo(quantity("10Gi")) >= 0', undefined],
    ['device.attributes["gpu.example.com"].version.isGreaterThan(semver("1.2.3"))', undefined],
    ['cel.bind(gpu, device.attributes["gpu.example.com"], gpu.fast && gpu.large)', undefined],
    ['device.driver', invalid('device.driver', 'must evaluate to bool or the unknown type, not string')],
    ['device.name == "a"', invalid('device.name == "a"', "compilation failed: ERROR: <input>:1:7: undefined field 'name'")],
    ['device.attributes.all(a, device.attributes.all(b, device.attributes.all(c, device.attributes.all(d, a != b || c != d))))',
      'cel: Forbidden: too complex, exceeds cost limit'],
  ]
  for (const [text, expected] of table) assert.equal(problem(text), expected, text)
  assert.match(problem('') ?? '', /^cel: Invalid value: "": compilation failed: ERROR: <input>:1:\d: Syntax error: mismatched input '<EOF>'/)
})
