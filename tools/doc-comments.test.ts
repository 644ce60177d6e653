import assert from 'node:assert/strict'
import { test } from 'node:test'
import { docComments } from './doc-comments.ts'

test('doc comments go to the line that follows them', () => {
  const table: [about: string, declarations: string, expected: object][] = [
    ['a definition and its fields', `
/** A boat. */
export interface Boat {
    /** Where it is bound for. */
    harbour?: string;
    /** How it was built. */
    readonly hull: Hull;
    /** What it is called. */
    "x-name"?: string;
}`, { Boat: { '': 'A boat.', harbour: 'Where it is bound for.', hull: 'How it was built.', 'x-name': 'What it is called.' } }],
    ['several lines', `
/**
 * A hull.
 *
 * \tKeels are extra.
 */
export interface Hull {
    /**
     * Of what.
     * Mostly.
     */
    wood: string;
}`, { Hull: { '': 'A hull.\n\n\tKeels are extra.', wood: 'Of what.\nMostly.' } }],
    ['none', 'export interface Bare {\n    field: string;\n}\n', { Bare: {} }],
    ['a comment does not reach beyond the next line', '/** Lost. */\n\nexport interface Far {\n    near: string;\n}', { Far: {} }],
    ['types inside a field are no fields', `
export interface Chart {
    /** By name. */
    marks?: {
        [name: string]: string;
    };
    /** The scale. */
    scale: number;
}`, { Chart: { marks: 'By name.', scale: 'The scale.' } }],
    ['an alias', '/** A depth. */\nexport type Depth = string;', { Depth: { '': 'A depth.' } }],
    ['what would end the comment', 'export interface Glob {\n    /** All of *\\/* here. */\n    all: string;\n}', { Glob: { all: 'All of */* here.' } }],
    ['imports', 'import { Time } from "../meta/v1";\n/** Tide. */\nexport interface Tide {\n}', { Tide: { '': 'Tide.' } }],
    ['nothing', '', {}],
  ]
  for (const [about, declarations, expected] of table) assert.deepEqual(docComments(declarations), expected, about)
})
