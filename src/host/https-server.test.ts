import { after } from 'node:test'
import { httpsServerConformance } from './https-server.conformance.testing.ts'
import { startHttpsServer } from './https-server.ts'
import { createNodeProxy } from './node-proxy.ts'

await httpsServerConformance(({ pki, port, handler, nodeProxy, log }) => {
  const proxy = createNodeProxy(nodeProxy)
  after(() => proxy.close())
  return startHttpsServer({ host: '127.0.0.1', port, ...pki.apiServer, caPem: pki.caPem, handler, nodeProxy: proxy, log })
})
