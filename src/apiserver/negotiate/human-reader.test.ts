import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textOf } from '../../words/bytes.ts'
import { startTestServer } from '../apiserver.testing.ts'
import { wantsLines } from './human-reader.ts'

test('lines are for who asks for them, and for who looks at the answer', () => {
  const table: [string | undefined, string, boolean][] = [
    [undefined, '', false], ['kubectl/v1.32.3 (linux/amd64)', '', false], ['Go-http-client/2.0 curl', '', false],
    ['curl/7.88.1', '', true], ['Wget/1.21.3', '', true], ['Mozilla/5.0 (X11; Linux x86_64)', '', true],
    ['curl/7.88.1', 'pretty=false', false], ['curl/7.88.1', 'pretty=0', false], ['curl/7.88.1', 'pretty=', true], [undefined, 'pretty=true', true], [undefined, 'pretty=1', true],
    ['Mozilla/4.0', '', false], ['libcurl', '', false], ['curl/7.88.1', 'pretty=what', false], [undefined, 'pretty', false], [undefined, 'pretty=T', true],
    [undefined, 'pretty=yes', false],
  ]
  for (const [agent, query, expected] of table) {
    assert.equal(wantsLines({ headers: agent === undefined ? {} : { 'user-agent': agent } }, new URLSearchParams(query)), expected, `${agent} ${query}`)
  }
})

test('objects, lists and errors come in lines to curl', async () => {
  const server = await startTestServer()
  await server.request('POST', '/api/v1/namespaces/shop/configmaps', { metadata: { name: 'a' } })
  const body = async (path: string, headers: Record<string, string>): Promise<string> => {
    const response = await server.raw('GET', path, undefined, headers)
    assert.equal(response.type, 'whole')
    return textOf(Buffer.concat(response.type === 'whole' ? response.body : []))
  }
  const curl = { 'user-agent': 'curl/8.0', accept: '*/*' }
  const resources = ['/api/v1/namespaces/shop/configmaps/a', '/api/v1/namespaces/shop/configmaps', '/api/v1/namespaces/shop/configmaps/none', '/nothing']
  for (const path of resources) {
    const text = await body(path, curl)
    assert.equal(text, `${JSON.stringify(JSON.parse(text), null, 2)}\n`, path)
  }
  for (const path of resources) assert.ok(!(await body(path, {})).includes('\n'), path)
  server.stop()
})
