import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isImageName } from './image-pull.ts'

test('names of images', () => {
  const check = (name: string, expected: boolean): void => assert.equal(isImageName(name), expected, name)
  check('nginx', true)
  check('nginx:1.27', true)
  check('library/nginx', true)
  check('127.0.0.1:5000/demo/web:1', true)
  check('Registry.example:443/a/b_c/d.e--f', true)
  check(`nginx@sha256:${'a'.repeat(64)}`, true)
  check('', false)
  check('Nginx', false)
  check('nginx:', false)
  check('nginx latest', false)
  check('nginx@sha256:12', false)
  check('a//b', false)
  check(`${'a'.repeat(2000)}`, false)
})
