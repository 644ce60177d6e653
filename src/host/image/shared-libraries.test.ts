import assert from 'node:assert/strict'
import { test } from 'node:test'
import { libraryPackages } from './shared-libraries.ts'

test('the package of a library', () => {
  const check = (library: string, expected: readonly string[]): void => assert.deepEqual(libraryPackages(library), expected, library)
  check('libssl.so.3', ['libssl3', 'libssl3t64'])
  check('libevent-2.1.so.7', ['libevent-2.1-7', 'libevent-2.1-7t64'])
  check('libpcre2-8.so.0', ['libpcre2-8-0', 'libpcre2-8-0t64'])
  check('libstdc++.so.6', ['libstdc++6', 'libstdc++6t64'])
  check('libdb-5.3.so', ['libdb5.3', 'libdb-5.3'])
  check('/usr/lib/libX11.so.6', ['libx11-6', 'libx11-6t64'])
})
