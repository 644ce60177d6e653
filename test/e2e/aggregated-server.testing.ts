/** A small API server of somebody else's, for flunders: it believes the front proxy about who asks, and keeps what it is given in memory. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { systemClock } from '../../src/host/clock.ts'
import { createClusterPki } from '../../src/host/pki.ts'
import { silentLog } from '../../src/words/ports.ts'

export interface AggregatedServer {
  readonly port: number
  /** Takes connections and never answers. */
  readonly hangingPort: number
  readonly caPem: string
  close(): Promise<void>
}

interface Flunder {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string; readonly resourceVersion: string; readonly annotations: Record<string, string> }
  readonly spec: unknown
}

const GROUP_VERSION = 'wardle.example.com/v1'
const ROOT = `/apis/${GROUP_VERSION}`
const SERVICE_NAME = 'flunders.wardle.svc'

/** clusterPki: the directory where the cluster has its certificates; a server in a pod reads the same from a ConfigMap. */
export async function startAggregatedServer(directory: string, clusterPki: string): Promise<AggregatedServer> {
  const pki = createClusterPki(directory, { names: [SERVICE_NAME], addresses: [], clock: systemClock, log: silentLog })
  const flunders = new Flunders()
  const proxyCa = readFileSync(join(clusterPki, 'front-proxy-ca.crt'), 'utf8')
  const server = createServer({ key: pki.apiServer.keyPem, cert: pki.apiServer.certificatePem, ca: proxyCa, requestCert: true, rejectUnauthorized: true },
    (request, response) => void flunders.answer(request, response))
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => shell(request, socket, head))
  const hanging = createTcpServer((socket) => socket.on('error', () => undefined))
  const [port, hangingPort] = await Promise.all([listening(server), listening(hanging)])
  return { port, hangingPort, caPem: pki.caPem, close: () => closed(server, hanging) }
}

function listening(server: Server | TcpServer): Promise<number> {
  return new Promise((resolve) => server.listen(0, 'localhost', () => resolve((server.address() as AddressInfo).port)))
}

async function closed(server: Server, hanging: TcpServer): Promise<void> {
  server.closeAllConnections()
  await Promise.all([server, hanging].map((each) => new Promise((resolve) => each.close(resolve).unref())))
}

/** Says who asks, then echoes; of others than the front proxy it believes nothing. */
function shell(request: IncomingMessage, socket: Socket, head: Buffer): void {
  socket.on('error', () => undefined)
  if (!request.url?.endsWith('/shell')) return void socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n')
  const { upgrade, 'x-remote-user': user, 'sec-websocket-key': key } = request.headers
  const accept = key === undefined ? '' : `Sec-WebSocket-Accept: ${createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')}\r\n`
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n${accept}\r\n`)
  socket.write(`${String(user)} of ${(request.socket as TLSSocket).getPeerCertificate().subject.CN}: `)
  socket.write(head)
  socket.pipe(socket)
}

class Flunders {
  readonly #flunders = new Map<string, Flunder>()
  readonly #watchers = new Set<(type: string, flunder: Flunder) => void>()
  #revision = 1

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://flunders')
    const document = DOCUMENTS[pathname]
    if (document !== undefined) return send(response, 200, document)
    const [, namespace = '', name] = /^\/namespaces\/([^/]+)\/flunders(?:\/([^/]+))?$/.exec(pathname.slice(ROOT.length)) ?? []
    const isList = pathname === `${ROOT}/flunders` || (namespace !== '' && name === undefined)
    if (request.method === 'POST' && isList) return send(response, 201, shown(this.#add(namespace, request, JSON.parse(await bodyOf(request)) as Flunder)))
    if (isList && searchParams.get('watch') !== null) return this.#watch(response, namespace)
    const all = [...this.#flunders.values()].filter(({ metadata }) => namespace === '' || metadata.namespace === namespace)
    if (isList) return send(response, 200, { apiVersion: GROUP_VERSION, kind: 'FlunderList', metadata: { resourceVersion: String(this.#revision) }, items: all.map(shown) })
    const found = this.#flunders.get(`${namespace}/${name}`)
    if (found === undefined) return send(response, 404, { apiVersion: 'v1', kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404, message: `flunders.wardle.example.com "${name}" not found` })
    if (request.method === 'DELETE') this.#remove(found)
    send(response, 200, shown(found))
  }

  #add(namespace: string, { headers }: IncomingMessage, { metadata, spec }: Flunder): Flunder {
    const annotations = { by: String(headers['x-remote-user']), groups: String(headers['x-remote-group']) }
    const uid = '11111111-1111-4111-8111-111111111111'
    const flunder = { metadata: { name: metadata.name, namespace, uid, resourceVersion: String(++this.#revision), annotations }, spec }
    this.#flunders.set(`${namespace}/${metadata.name}`, flunder)
    for (const tell of this.#watchers) tell('ADDED', flunder)
    return flunder
  }

  #remove(flunder: Flunder): void {
    this.#flunders.delete(`${flunder.metadata.namespace}/${flunder.metadata.name}`)
    for (const tell of this.#watchers) tell('DELETED', flunder)
  }

  #watch(response: ServerResponse, namespace: string): void {
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    const tell = (type: string, flunder: Flunder): void => {
      if (namespace === '' || flunder.metadata.namespace === namespace) response.write(`${JSON.stringify({ type, object: shown(flunder) })}\n`)
    }
    this.#watchers.add(tell)
    response.on('close', () => this.#watchers.delete(tell))
  }
}

function shown(flunder: Flunder): object {
  return { apiVersion: GROUP_VERSION, kind: 'Flunder', ...flunder }
}

function send(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const kindOf = [{ group: 'wardle.example.com', version: 'v1', kind: 'Flunder' }]
const schemas = (prefix: string): object => ({
  'com.example.wardle.v1.Flunder': {
    type: 'object', description: 'A Flunder is an example.', 'x-kubernetes-group-version-kind': kindOf,
    properties: { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { type: 'object' }, spec: { description: 'What is wanted of it.', $ref: `${prefix}com.example.wardle.v1.FlunderSpec` } },
  },
  'com.example.wardle.v1.FlunderSpec': { type: 'object', required: ['reference'], properties: { reference: { type: 'string', description: 'The flunder that it refers to.' } } },
})
const operation = (answer: object): object => ({
  get: { operationId: 'listFlunders', 'x-kubernetes-action': 'list', 'x-kubernetes-group-version-kind': kindOf[0], responses: { 200: { description: 'OK', ...answer } } },
})
const LIST_PATH = `${ROOT}/namespaces/{namespace}/flunders`

const DOCUMENTS: Readonly<Record<string, object>> = {
  [ROOT]: {
    kind: 'APIResourceList', apiVersion: 'v1', groupVersion: GROUP_VERSION, resources: [
      { name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder', verbs: ['create', 'delete', 'get', 'list', 'watch'], shortNames: ['fl'], categories: ['all'] },
      { name: 'flunders/shell', singularName: '', namespaced: true, kind: 'Flunder', verbs: ['get', 'create'] },
    ],
  },
  '/openapi/v2': {
    swagger: '2.0', info: { title: 'Flunders', version: '1' }, definitions: schemas('#/definitions/'),
    paths: { [LIST_PATH]: operation({ schema: { $ref: '#/definitions/com.example.wardle.v1.Flunder' } }) },
  },
  '/openapi/v3': { paths: { 'apis/wardle.example.com/v1': { serverRelativeURL: '/openapi/v3/apis/wardle.example.com/v1?hash=F1' } } },
  '/openapi/v3/apis/wardle.example.com/v1': {
    openapi: '3.0.0', info: { title: 'Flunders', version: '1' }, components: { schemas: schemas('#/components/schemas/') },
    paths: { [LIST_PATH]: operation({ content: { 'application/json': { schema: { $ref: '#/components/schemas/com.example.wardle.v1.Flunder' } } } }) },
  },
}
