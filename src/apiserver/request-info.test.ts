import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '../words/status-error.ts'
import { parseRequest } from './request-info.ts'

/** verb group/version namespace resource/name/subresource rest */
function summary(line: string): string {
  const [method = '', url = ''] = line.split(' ')
  const [path = '', query = ''] = url.split('?')
  try {
    const info = parseRequest(method, path, new URLSearchParams(query))
    if (!info.isResource) return `${info.verb} ${info.path}`
    return `${info.verb} ${info.group}/${info.version} ns=${info.namespace} ${info.resource}/${info.name}/${info.subresource} ${info.rest}`.trim()
  } catch (error) {
    return error instanceof StatusError ? String(error.code) : 'throws'
  }
}

test('what a path asks for', () => {
  const table: [string, string][] = [
    ['GET /api/v1/pods', 'list /v1 ns= pods//'],
    ['GET /api/v1/namespaces/shop/pods', 'list /v1 ns=shop pods//'],
    ['GET /api/v1/namespaces/shop/pods/', 'list /v1 ns=shop pods//'],
    ['GET /api/v1/namespaces/shop/pods/web', 'get /v1 ns=shop pods/web/'],
    ['HEAD /api/v1/namespaces/shop/pods/web', 'get /v1 ns=shop pods/web/'],
    ['GET /api/v1/namespaces/shop/pods/web/log', 'get /v1 ns=shop pods/web/log'],
    ['GET /api/v1/namespaces/shop/services/web/proxy/a/b', 'get /v1 ns=shop services/web/proxy a/b'],
    ['GET /api/v1/namespaces/shop/services/https:web:443/proxy//a%2Fb/', 'get /v1 ns=shop services/https:web:443/proxy /a%2Fb'],
    ['POST /api/v1/nodes/one/proxy/a//b', 'create /v1 ns= nodes/one/proxy a//b'],
    ['GET /api/v1/namespaces/shop/pods/http%3Aweb/proxy', 'get /v1 ns=shop pods/http:web/proxy'],
    ['POST /apis/apps/v1/namespaces/shop/deployments', 'create apps/v1 ns=shop deployments//'],
    ['PUT /apis/apps/v1/namespaces/shop/deployments/web/scale', 'update apps/v1 ns=shop deployments/web/scale'],
    ['PATCH /apis/apps/v1/namespaces/shop/deployments/web', 'patch apps/v1 ns=shop deployments/web/'],
    ['DELETE /api/v1/nodes/one', 'delete /v1 ns= nodes/one/'],
    ['DELETE /api/v1/namespaces/shop/pods', 'deletecollection /v1 ns=shop pods//'],
    ['GET /api/v1/namespaces', 'list /v1 ns= namespaces//'],
    ['GET /api/v1/namespaces/shop', 'get /v1 ns=shop namespaces/shop/'],
    ['PUT /api/v1/namespaces/shop/finalize', 'update /v1 ns=shop namespaces/shop/finalize'],
    ['GET /api/v1/namespaces/shop/status', 'get /v1 ns=shop namespaces/shop/status'],
    ['GET /api/v1/pods?watch=true', 'watch /v1 ns= pods//'],
    ['GET /api/v1/pods?watch', 'watch /v1 ns= pods//'],
    ['GET /api/v1/pods?watch=0', 'list /v1 ns= pods//'],
    ['GET /api/v1/namespaces/shop/pods/web?watch=1', 'get /v1 ns=shop pods/web/'],
    ['GET /api/v1/watch/namespaces/shop/pods', 'watch /v1 ns=shop pods//'],
    ['GET /api/v1/watch/namespaces/shop/pods/web', 'watch /v1 ns=shop pods/web/'],
    ['GET /api/v1/namespaces/shop/secrets?fieldSelector=metadata.name%3Dkey', 'list /v1 ns=shop secrets/key/'],
    ['GET /api/v1/namespaces/shop/secrets?watch=1&fieldSelector=metadata.name%3Dkey,type%3DOpaque', 'watch /v1 ns=shop secrets/key/'],
    ['GET /api/v1/namespaces/shop/secrets?fieldSelector=metadata.name!%3Dkey', 'list /v1 ns=shop secrets//'],
    ['GET /api/v1/secrets?fieldSelector=metadata.name%3Da%5C,b', 'list /v1 ns= secrets/a,b/'],
    ['GET /api/v1/secrets?fieldSelector=metadata.name%3Da,rubbish', 'list /v1 ns= secrets//'],
    ['GET /api/v1/watch/secrets?fieldSelector=metadata.name%3Dkey', 'watch /v1 ns= secrets//'],
    ['DELETE /api/v1/namespaces/shop/secrets?fieldSelector=metadata.name%3Dkey', 'deletecollection /v1 ns=shop secrets//'],
    ['GET /api', 'get /api'],
    ['GET /api/v1', 'get /api/v1'],
    ['GET /apis/apps/v1', 'get /apis/apps/v1'],
    ['POST /healthz', 'post /healthz'],
    ['GET /apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode', 'get rbac.authorization.k8s.io/v1 ns= clusterroles/system:node/'],
  ]
  for (const [line, expected] of table) assert.equal(summary(line), expected, line)
})

test('paths that two readers could understand differently are refused', () => {
  const table: [string, string][] = [
    ['GET /api/v1/namespaces/shop/pods/../secrets', '404'],
    ['GET /api/v1/namespaces/shop/./pods', '404'],
    ['GET /api//v1/pods', '404'],
    ['GET //api/v1/pods', '404'],
    ['GET /api/v1/namespaces/shop/pods/a%2Fb', '404'],
    ['GET /api/v1/namespaces/%2e%2e/pods', '404'],
    ['GET /api/v1/namespaces/shop/pods/a%5Cb', '404'],
    ['GET /api/v1/namespaces/shop/pods/a%00', '404'],
    ['GET /api/v1/namespaces/shop/pods/web/proxy/../../../secrets', '404'],
    ['GET /api/v1/namespaces/shop/pods/web/proxy/%2e%2e/secrets', '404'],
    ['GET /api/v1/namespaces/shop/pods/web/proxy/a%2F..%2Fb', '404'],
    ['GET /api/v1/namespaces/shop/pods/web/proxy/a%5C..', '404'],
    ['GET /api/v1/namespaces/shop/pods/a%2Fb/proxy/x', '404'],
    ['GET /api/v1/watch/nodes/proxy/a%2Fb', '404'],
    ['GET /apis/apps/v1/namespaces/shop/pods/web/proxy//a', '404'],
    ['GET /api/v1/namespaces/shop/pods/web/proxy/%zz', '400'],
    ['GET /api/v1/namespaces/shop/pods/%zz', '400'],
    ['GET api/v1/pods', '400'],
  ]
  for (const [line, expected] of table) assert.equal(summary(line), expected, line)
})

test('selectors are asked of lists, watches and deletions of collections, but not of the deprecated paths', () => {
  const query = '?fieldSelector=spec.nodeName%3Dn1&labelSelector=a%3Db'
  const table: [string, boolean][] = [
    ['GET /api/v1/pods', true], ['GET /api/v1/pods?watch=1', true], ['DELETE /api/v1/namespaces/shop/pods', true],
    ['GET /api/v1/namespaces/shop/pods/web', false], ['POST /api/v1/namespaces/shop/pods', false], ['GET /api/v1/watch/pods', false],
  ]
  for (const [line, areThere] of table) {
    const [method = '', path = ''] = line.replace('?watch=1', '').split(' ')
    const { fieldSelector, labelSelector } = parseRequest(method, path, new URLSearchParams(line.includes('?') ? `${query}&watch=1` : query))
    assert.deepEqual([fieldSelector, labelSelector], areThere ? ['spec.nodeName=n1', 'a=b'] : [undefined, undefined], line)
  }
})
