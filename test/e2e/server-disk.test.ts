/** The server on a full disk, on damaged files, and on a directory that another process has. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, openSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync, writeSync, closeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fillUp, mountSmallDisk } from './small-disk.testing.ts'
import { errorLines, failureOf, freePort, serverIn, startServer, type Answer, type Api, type ServerBed } from './server-bed.testing.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const MIB = 1024 * 1024

function create(api: Api, name: string): Promise<Answer> {
  return api.call('POST', CONFIG_MAPS, { body: { metadata: { name }, data: { payload: name.repeat(10_000) } } })
}

test('a full disk: writes are refused with a reason, reads and watches go on, and writing resumes by itself', { timeout: 60_000 }, async (context) => {
  const disk = mountSmallDisk(64)
  if (disk === undefined) return context.skip('needs the right to mount a tmpfs')
  try {
    const ballast = join(disk.directory, 'ballast')
    writeFileSync(ballast, Buffer.alloc(6 * MIB, 1))
    const bed = await startServer('server-full', join(disk.directory, 'cluster'))
    try {
      await fillAndFree(bed, ballast)
    } finally {
      rmSync(ballast, { force: true })
      rmSync(join(disk.directory, 'more'), { force: true })
      await bed.remove()
    }
  } finally {
    disk.unmount()
  }
})

async function fillAndFree(bed: ServerBed, ballast: string): Promise<void> {
  const api = bed.connect()
  let events = 0
  const watch = api.session.request({ ':path': `${CONFIG_MAPS}?watch=true` })
  watch.on('data', (chunk: Buffer) => (events += chunk.toString().split('"type":"ADDED"').length - 1)).on('error', () => undefined)
  let written = 0
  let refused: Answer | undefined
  for (; refused === undefined && written < 2_000; ) {
    const answer = await create(api, `fill-${written}`)
    if (answer.status === 201) written++
    else refused = answer
  }
  assert(refused !== undefined && written > 20, `${written} writes fit`)
  assert.match(failureOf(refused), /^(500|503|507) \w+: .*the disk is full \(\d+ bytes free\)\. Free some space; writing resumes by itself\./)
  const burst = await Promise.all(Array.from({ length: 100 }, (_, index) => create(api, `burst-${index}`)))
  assert.deepEqual([...new Set(burst.map(({ status }) => status))], [refused.status])
  await checkReads(api, written)
  assert.equal((await api.call('GET', `${CONFIG_MAPS}/burst-0`)).status, 404)
  // Deleting is the way out, and what a watcher has not seen yet comes.
  assert.equal((await api.call('DELETE', `${CONFIG_MAPS}/fill-0`)).status, 200)
  rmSync(ballast)
  await sleep(400)
  assert.equal((await create(api, 'again')).status, 201)
  for (let attempt = 0; attempt < 100 && events < written + 2; attempt++) await sleep(20)
  // The root certificate's ConfigMap comes on top.
  assert.equal(events, written + 2)

  // A server starts, and shows what it has, without a single free byte.
  await bed.kill()
  fillUp(join(ballast, '../more'))
  await bed.up()
  const again = bed.connect()
  await checkReads(again, written)
  again.close()
  api.close()
  assert.deepEqual(errorLines(bed.log()).filter((line) => !line.includes('the disk is full')), [])
}

async function checkReads(api: Api, written: number): Promise<void> {
  const [list, one] = await Promise.all([api.call('GET', CONFIG_MAPS), api.call('GET', `${CONFIG_MAPS}/fill-${written - 1}`)])
  assert.deepEqual([list.status, one.status], [200, 200])
  assert(list.text.split('"name":"fill-').length - 1 >= written - 1)
}

test('damaged files are said plainly by lotse up, and nothing is changed', { timeout: 90_000 }, async () => {
  const bed = await startServer('server-damage')
  try {
    const api = bed.connect()
    for (let index = 0; index < 300; index++) await create(api, `o-${index}`)
    api.close()
    await bed.kill()
    const sound = `${bed.storeFile}.sound`
    copyFileSync(bed.storeFile, sound)
    const bytes = statSync(sound).size
    const damages: [string, () => void, RegExp][] = [
      ['a beginning of zeros', () => overwrite(bed.storeFile, 0, Buffer.alloc(8192)), /has a damaged beginning/],
      ['rubbish at the beginning', () => overwrite(bed.storeFile, 0, Buffer.alloc(8192, 0xa5)), /has a damaged beginning/],
      ['cut off in the middle', () => truncateSync(bed.storeFile, Math.floor(bytes / 3 / 4096) * 4096), /is cut off|is damaged/],
      ['cut off after its first page', () => truncateSync(bed.storeFile, 4096), /has a damaged beginning|is cut off/],
      ['emptied', () => truncateSync(bed.storeFile, 0), /is empty/],
      ['removed', () => rmSync(bed.storeFile), /is missing/],
      ['zeros from the third page on', () => overwrite(bed.storeFile, 8192, Buffer.alloc(bytes - 8192)), /is damaged at page \d+/],
      ['another format', () => writeFileSync(join(bed.dataDirectory, 'store/FORMAT'), 'lotse-store 9\n'), /has the format "lotse-store 9"/],
    ]
    const format = readFileSync(join(bed.dataDirectory, 'store/FORMAT'))
    for (const [what, damage, expected] of damages) {
      copyFileSync(sound, bed.storeFile)
      damage()
      const before = existsSync(bed.storeFile) ? readFileSync(bed.storeFile) : undefined
      const up = await bed.lotse('up')
      assert.equal(up.code, 1, `${what}: ${up.output}`)
      assert.match(up.output, expected, what)
      assert(up.output.includes(join(bed.dataDirectory, 'store')), `${what}: names the file: ${up.output}`)
      assert.match(up.output, /Restore it from a backup|Use the version that wrote it/, what)
      assert(!/^\s+at /m.test(up.output), `no stack trace: ${up.output}`)
      const after = existsSync(bed.storeFile) ? readFileSync(bed.storeFile) : undefined
      assert(before === undefined ? after === undefined : after !== undefined && before.equals(after), `${what}: the file is as it was`)
      writeFileSync(join(bed.dataDirectory, 'store/FORMAT'), format)
    }
    copyFileSync(sound, bed.storeFile)
    await bed.up()
    const restored = bed.connect()
    assert.equal((await restored.call('GET', `${CONFIG_MAPS}/o-299`)).status, 200)
    restored.close()
  } finally {
    await bed.remove()
  }
})

test('bytes flipped anywhere are noticed or harmless: never a crash without a word', { timeout: 90_000 }, async () => {
  const bed = await startServer('server-flips')
  try {
    const api = bed.connect()
    for (let index = 0; index < 100; index++) await create(api, `o-${index}`)
    api.close()
    await bed.kill()
    const sound = readFileSync(bed.storeFile)
    for (const seed of [1, 2, 3, 4]) {
      const damaged = Buffer.from(sound)
      for (let flip = 0; flip < 200; flip++) damaged[(Math.imul(seed * 200 + flip, 0x9e3779b1) >>> 0) % damaged.length] = (flip * 37) & 0xff
      writeFileSync(bed.storeFile, damaged)
      const up = await bed.lotse('up')
      if (up.code !== 0) {
        assert.equal(up.code, 1, up.output)
        assert.match(up.output, /cannot start: .*data file .* (is|has|cannot)/, `seed ${seed}`)
        continue
      }
      const reader = bed.connect()
      const list = await reader.call('GET', CONFIG_MAPS)
      assert([200, 500, 503].includes(list.status))
      reader.close()
      await bed.kill()
    }
  } finally {
    await bed.remove()
  }
})

test('a data directory or port in use is refused, with who uses it', { timeout: 60_000 }, async () => {
  const bed = await startServer('server-inuse')
  try {
    const copy = join(bed.directory, 'copy')
    // A second server on the same store: its configuration says where the data is.
    cpSync(bed.dataDirectory, join(copy, 'data'), { recursive: true, filter: (path) => !path.endsWith('/store') && !path.endsWith('/run') })
    execFileSync('ln', ['-s', join(bed.dataDirectory, 'store'), join(copy, 'data/store')])
    const config = JSON.parse(readFileSync(join(copy, 'data/cluster.json'), 'utf8')) as object
    writeFileSync(join(copy, 'data/cluster.json'), JSON.stringify({ ...config, port: await freePort() }))
    const second = serverIn(copy, 'server-inuse')
    const up = await second.lotse('up')
    rmSync(second.home, { recursive: true })
    assert.equal(up.code, 1, up.output)
    assert.match(up.output, new RegExp(`is in use by the process with pid ${bed.pid()}\\. Stop that first, or give this one another directory with --data-dir`))
    assert(!/^\s+at /m.test(up.output))

    const other = serverIn(join(bed.directory, 'other'), 'server-port')
    const taken = await other.lotse('up', '--nodes', '0', '--port', String(bed.port))
    rmSync(other.home, { recursive: true })
    assert.equal(taken.code, 1, taken.output)
    assert.match(taken.output, new RegExp(`port ${bed.port} is in use by another program`))
    const api = bed.connect()
    assert.equal((await api.call('GET', '/readyz')).status, 200)
    api.close()
  } finally {
    await bed.remove()
  }
})

function overwrite(file: string, position: number, bytes: Uint8Array): void {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, bytes, 0, bytes.length, position)
  closeSync(descriptor)
}
