/**
 * node:http as CommonJS has it. To import it as a module evaluates all that it exports, its WebSocket too, and with that a second HTTP
 * client: 13 MB and 30 ms of every process (Node 24).
 */
export const { Agent, createServer, get, request, STATUS_CODES } = process.getBuiltinModule('node:http')
