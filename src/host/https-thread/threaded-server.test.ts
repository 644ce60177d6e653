import { httpsServerConformance } from '../https-server.conformance.testing.ts'
import { startHttpsThread, startThreadedHttpsServer } from './threaded-server.ts'

await httpsServerConformance(({ pki, port, handler, nodeProxy, log }) => (
  startThreadedHttpsServer(startHttpsThread(), { host: '127.0.0.1', port, ...pki.apiServer, caPem: pki.caPem, handler, nodeProxy, log })))
