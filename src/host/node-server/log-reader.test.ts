import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { logOptions } from './log-options.ts'
import { sendLog } from './log-reader.ts'

const directory = mkdtempSync(join(tmpdir(), 'lotse-logs-'))
after(() => rmSync(directory, { recursive: true }))

const NOW = Date.parse('2026-11-23T05:00:10Z')
const LINES = [
  '2026-11-23T05:00:01.000000001Z stdout F one',
  '2026-11-23T05:00:02.000000001Z stderr F two',
  '2026-11-23T05:00:03.000000001Z stdout P three-',
  '2026-11-23T05:00:04.000000001Z stdout F and a half',
  '2026-11-23T05:00:05.000000001Z stdout F ',
  '2026-11-23T05:00:06.000000001Z stdout F six',
]
const path = join(directory, '0.log')
writeFileSync(path, `${LINES.join('\n')}\n`)

async function read(file: string, query: string): Promise<string> {
  let text = ''
  const sink = (bytes: Buffer): Promise<boolean> => {
    text += bytes.toString()
    return Promise.resolve(true)
  }
  await sendLog({ path: file, isRunning: () => Promise.resolve(false) }, logOptions(new URLSearchParams(query), NOW), sink, new AbortController().signal)
  return text
}

test('what of a log is sent', async () => {
  const check = async (query: string, expected: string): Promise<void> => assert.equal(await read(path, query), expected, query)
  await check('', 'one\ntwo\nthree-and a half\n\nsix\n')
  await check('tailLines=0', '')
  await check('tailLines=2', '\nsix\n')
  await check('tailLines=3', 'and a half\n\nsix\n')
  await check('tailLines=99', 'one\ntwo\nthree-and a half\n\nsix\n')
  await check('limitBytes=6', 'one\ntw')
  await check('sinceSeconds=5', '\nsix\n')
  await check('sinceTime=2026-11-23T05:00:06Z', 'six\n')
  await check('stream=Stderr', 'two\n')
  await check('timestamps=true&tailLines=1', '2026-11-23T05:00:06.000000001Z six\n')
  await check('timestamps=true&tailLines=4&limitBytes=49', '2026-11-23T05:00:03.000000001Z three-and a half\n2')
  await check('follow=true&tailLines=1', 'six\n')
})

test('wrong options are refused', () => {
  const check = (query: string, expected: RegExp): void => assert.throws(() => logOptions(new URLSearchParams(query), NOW), expected)
  check('tailLines=-1', /tailLines must be a whole number/)
  check('limitBytes=x', /limitBytes must be a whole number/)
  check('sinceTime=yesterday', /sinceTime must be a time/)
  check('sinceTime=2026-11-23T05:00:06Z&sinceSeconds=3', /cannot both be given/)
  check('stream=Both', /stream must be All, Stdout or Stderr/)
})

test('the tail of a log of many blocks', async () => {
  const long = join(directory, 'long.log')
  const lines = Array.from({ length: 5000 }, (_, index) => `2026-11-23T05:00:01Z stdout F line ${index} ${'x'.repeat(40)}`)
  writeFileSync(long, `${lines.join('\n')}\n`)
  const tail = await read(long, 'tailLines=3000')
  assert.equal(tail.split('\n').length - 1, 3000)
  assert.ok(tail.startsWith('line 2000 '))
})

test('a followed log goes on through a rotation and ends with its container', async () => {
  const file = join(directory, 'followed.log')
  writeFileSync(file, '2026-11-23T05:00:01Z stdout F first\n')
  let isRunning = true
  let text = ''
  const sending = sendLog({ path: file, isRunning: () => Promise.resolve(isRunning) }, logOptions(new URLSearchParams('follow=1'), NOW), (bytes) => {
    text += bytes.toString()
    return Promise.resolve(true)
  }, new AbortController().signal)
  const until = async (expected: string): Promise<void> => {
    for (let attempt = 0; attempt < 200 && text !== expected; attempt += 1) await delay(5)
    assert.equal(text, expected)
  }
  await until('first\n')
  appendFileSync(file, '2026-11-23T05:00:01Z stdout F second\n2026-11-23T05:00:01Z std')
  await until('first\nsecond\n')
  appendFileSync(file, 'out F third\n')
  renameSync(file, `${file}.old`)
  writeFileSync(file, '2026-11-23T05:00:02Z stdout F of the new file\n')
  await until('first\nsecond\nthird\nof the new file\n')
  isRunning = false
  appendFileSync(file, '2026-11-23T05:00:03Z stdout F the last\n')
  await sending
  assert.equal(text, 'first\nsecond\nthird\nof the new file\nthe last\n')
})

test('a reader that goes away, and an abort, end it', async () => {
  const options = logOptions(new URLSearchParams('follow=1'), NOW)
  await sendLog({ path, isRunning: () => Promise.resolve(true) }, options, () => Promise.resolve(false), new AbortController().signal)
  const stop = new AbortController()
  const sending = sendLog({ path, isRunning: () => Promise.resolve(true) }, options, () => Promise.resolve(true), stop.signal)
  await delay(10)
  stop.abort()
  await sending
})
