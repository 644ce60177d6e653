import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rewrittenLink, withLinksRewritten } from './proxied-links.ts'

const place = { basePath: '/p/proxy', backendHost: '10.0.0.1:80', clientHost: 'API.example.com:6443' }

/** The whole page, which came in pieces of so many bytes. */
async function rewritten(page: Uint8Array, pieceBytes: number): Promise<Buffer> {
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < page.length; from += pieceBytes) yield page.subarray(from, from + pieceBytes)
  }
  const pieces: Uint8Array[] = []
  for await (const piece of withLinksRewritten(source(), place)) pieces.push(piece)
  return Buffer.concat(pieces)
}

test('links to the root of the backend lead through the proxy, all others where they led', () => {
  const table: [string, string][] = [
    ['/', '/p/proxy/'], ['/a/b/?c=/d#e', '/p/proxy/a/b/?c=/d#e'], [' \n/a', ' \n/p/proxy/a'], ['/p/proxyfile', '/p/proxy/p/proxyfile'],
    ['http://10.0.0.1:80/a', '/p/proxy/a'], ['//10.0.0.1:80/a', '/p/proxy/a'], ['HTTPS://api.EXAMPLE.com:6443/a?b', 'HTTPS://api.EXAMPLE.com:6443/p/proxy/a?b'],
    ['/p/proxy', '/p/proxy'], ['/p/proxy/a', '/p/proxy/a'], ['https://api.example.com:6443/p/proxy/a', 'https://api.example.com:6443/p/proxy/a'],
    ['/\\evil.example.com', '/p/proxy/\\evil.example.com'],
    ...['', 'a/b', './a', '../a', '?a=/b', '#/a', 'mailto:/a', 'data:/a', 'http://other.example.com/a', '//other.example.com/a', '///a', 'http:///a', 'http:/a',
      'http://10.0.0.1:80', 'http://10.0.0.1:8080/a', 'http://user@10.0.0.1:80/a'].map((link): [string, string] => [link, link]),
  ]
  for (const [link, expected] of table) assert.equal(rewrittenLink(link, place), expected, link)
})

test('of a page nothing changes but its links, however it comes', async () => {
  const table: [string, string][] = [
    ['<a href="/x">', '<a href="/p/proxy/x">'], ["<A\n HREF = '/x' >", "<A\n HREF = '/p/proxy/x' >"], ['<a href=/x>y', '<a href=/p/proxy/x>y'], ['<a href=/x/>', '<a href=/p/proxy/x/>'],
    ['<img alt="/x" src="/x"/><p href="/x">/x</p>', '<img alt="/x" src="/p/proxy/x"/><p href="/x">/x</p>'],
    ['<form action=/a><input formaction="/b"><link href="/c"><video poster=/d src=/e>', '<form action=/p/proxy/a><input formaction="/p/proxy/b"><link href="/p/proxy/c"><video poster=/p/proxy/d src=/p/proxy/e>'],
    ['<script src="/x">if (a<b) "<a href=/y>"</script><a href=/z>', '<script src="/p/proxy/x">if (a<b) "<a href=/y>"</script><a href=/p/proxy/z>'],
    ['<a href="/x?a=1&amp;b=2&copy;">', '<a href="/p/proxy/x?a=1&amp;b=2&copy;">'], ['<a href="http://10.0.0.1:80/x">', '<a href="/p/proxy/x">'],
    ...['<!-- <a href="/x"> -->\r\n\0 a < b & c', '<a href>', '<a href="">', '<a href="/x', '<a hre', '<', '<!doctype html><title><a href=/x></title>', '<textarea><a href=/x></textarea>',
      `<a ${'long'.repeat(5000)}="/x">`].map((page): [string, string] => [page, page]),
    [`<a ${'b '.repeat(5000)} href=/x>`, `<a ${'b '.repeat(5000)} href=/p/proxy/x>`],
  ]
  for (const [page, expected] of table) {
    for (const pieceBytes of [1, 2, 3, 7, 100_000]) assert.equal((await rewritten(Buffer.from(page), pieceBytes)).toString(), expected, `${page.slice(0, 80)} in pieces of ${pieceBytes}`)
  }
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  const mixed = Buffer.concat([bytes, Buffer.from('<a title="é" href="/ü">'), bytes])
  assert.deepEqual(await rewritten(mixed, 5), Buffer.concat([bytes, Buffer.from('<a title="é" href="/p/proxy/ü">'), bytes]))
  const long = Buffer.from(`<img src="/${'x'.repeat(100_000)}"><a href="/y">`)
  assert.equal((await rewritten(long, 1000)).toString(), `${long.subarray(0, -13).toString()}<a href="/p/proxy/y">`, 'a link that is too long to be held stays')
})

test('what has come is passed on at once', async () => {
  const given: string[] = []
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for (const piece of ['<p>one', ' two</p><a', ' href="/x" id=1', '>three']) {
      yield Buffer.from(piece)
      given.push('|')
    }
  }
  for await (const piece of withLinksRewritten(source(), place)) given.push(Buffer.from(piece).toString())
  assert.equal(given.join(''), '<p>one| two</p>|<a href="/p/proxy/x|" id=1>three|')
})

test('a page that was made to be slow is read in time that grows with its length only', async () => {
  for (const page of ['<a ' + 'b="/x" '.repeat(300_000), '<a href=/x '.repeat(200_000), '<'.repeat(2_000_000), `<a href="${'/'.repeat(2_000_000)}`]) {
    const startedAt = performance.now()
    await rewritten(Buffer.from(page), 16_384)
    assert.ok(performance.now() - startedAt < 20_000, page.slice(0, 20))
  }
})
