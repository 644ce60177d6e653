import type { Integer, JsonObject } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import type { KubeObject, ObjectMeta } from '../../objects/kube-object.ts'
import { tableColumns } from '../../resources/table.ts'
import type { Revision } from '../../store/store.ts'
import { toBase64, utf8 } from '../../words/bytes.ts'
import type { Clock } from '../../words/ports.ts'
import { StatusError } from '../../words/status-error.ts'
import { listTypeOf, type ServedResource } from '../resource-set.ts'
import { frameInPassing, frameOf } from '../watch-cache/cache-event.ts'
import type { CacheEvent, EventType } from '../watch-cache/cache-event.ts'
import type { CachedObject, Served } from '../watch-cache/cached-object.ts'
import type { Accepted } from './accept.ts'
import { protobufType } from '../protobuf/envelope.ts'
import { failureBody } from './status-body.ts'
import { partialOf, tableOf } from './table.ts'
import type { IncludeObject } from './table.ts'

/** Writes the frames of one watch: lines of JSON, or messages with their length before them. */
export interface WatchFrames {
  event(type: EventType, event: CacheEvent): Uint8Array
  /** As text where it is no bytes yet. */
  initial(object: CachedObject): Uint8Array | string
  /** Of an object that was converted already. */
  shown(type: EventType, served: Served): Uint8Array
  bookmark(revision: Revision, initialEventsEnd: boolean): Uint8Array
  error(error: StatusError): Uint8Array
}


/** What the frames of a watch are, by the Content-Type header. */
export function watchType({ format }: Accepted): string {
  return format === 'protobuf' ? `${protobufType};stream=watch` : 'application/json'
}

export function watchFrames(resource: ServedResource, accepted: Accepted, options: FrameOptions): WatchFrames {
  if (accepted.as === 'partial-list') return emptyFrames(accepted)
  if (accepted.format === 'protobuf') return protobufFrames(resource, accepted)
  return accepted.as === 'object' ? options.plain(resource) : ownFrames(resource, accepted, options)
}

export interface FrameOptions {
  readonly include: IncludeObject
  readonly clock: Clock
  /** plainFrames of a resource, the same for all who ask. */
  plain(resource: ServedResource): WatchFrames
}

const NOTHING = new Uint8Array(0)

/** An object cannot be shown as a list of metadata, and a watch notices when its first is due: there it ends (see WatchStream). */
function emptyFrames(accepted: Accepted): WatchFrames {
  const nothing = (): Uint8Array => NOTHING
  return { event: nothing, initial: nothing, shown: nothing, bookmark: nothing, error: (error) => errorIn(accepted, error) }
}

/** The frames that all plain watchers of a resource share. */
export function plainFrames(resource: ServedResource): WatchFrames {
  const { view } = resource
  return {
    event: (type, event) => event.frame(type, view),
    initial: (object) => frameInPassing('ADDED', object.seen(view)),
    shown: frameOf,
    bookmark: (revision, end) => line('BOOKMARK', {
      kind: resource.kind.kind, apiVersion: resource.apiVersion,
      metadata: bookmarkMetadata(revision, end && jsonBlueprint(listOf(resource))),
    }),
    error: errorFrame,
  }
}

/** What is no plain object. */
function ownFrames(resource: ServedResource, accepted: Accepted, options: FrameOptions): WatchFrames {
  const { meta } = accepted
  const form = accepted.as === 'partial' ? partialFrames(meta) : tableFrames(resource, meta, options)
  const bookmark = (revision: Revision, end: boolean): object => {
    const { kind: { kind }, apiVersion } = resource
    return form.bookmark({ kind, apiVersion, metadata: bookmarkMetadata(revision, end && jsonBlueprint(form.list)) })
  }
  return {
    event: (type, event) => line(type, form.show(event.subject(type).seen(resource.view).object)),
    initial: (cached) => lineText('ADDED', form.show(cached.seen(resource.view).object)),
    shown: (type, { object }) => line(type, form.show(object)),
    bookmark: (revision, end) => line('BOOKMARK', bookmark(revision, end)),
    error: errorFrame,
  }
}

interface OwnForm {
  /** What a client that lists by watching puts the objects into. */
  readonly list: JsonObject
  show(object: KubeObject): object
  /** Of an object of the kind that has metadata alone. */
  bookmark(object: KubeObject): object
}

function partialFrames(meta: Accepted['meta']): OwnForm {
  const show = (object: KubeObject): object => partialOf(object, meta)
  return { list: metadataList(meta), show, bookmark: show }
}

/** The columns stand in the first frame only. A bookmark is the one row of its Table: the metadata that count are the row's object's. */
function tableFrames(resource: ServedResource, meta: Accepted['meta'], { include, clock }: FrameOptions): OwnForm {
  const columns = tableColumns(resource.definition)
  const emptyColumns = columns.map((column) => ({ ...column, cell: () => EMPTY_CELLS[column.type] ?? '' }))
  let withColumns = true
  const show = (shown: typeof columns, object: KubeObject): object => {
    const metadata = { resourceVersion: object.metadata.resourceVersion ?? '' }
    const table = tableOf(shown, [object], { meta, metadata, include, now: clock.now(), withColumns })
    withColumns = false
    return table
  }
  return { list: listOf(resource), show: (object) => show(columns, object), bookmark: (object) => show(emptyColumns, object) }
}

const EMPTY_CELLS: Readonly<Record<string, Integer | boolean>> = { integer: 0, number: 0, boolean: false }

/** An event and its object are the same for all who ask for them in this form at the same time: it is kept until the next one. */
function protobufFrames(resource: ServedResource, { as, meta, encoder }: Accepted & { format: 'protobuf' }): WatchFrames {
  const shown = ({ object }: Served): JsonObject => ({ ...(as === 'partial' ? partialOf(object, meta) : object) })
  const [bookmarkKind, list] = as === 'partial'
    ? [{ kind: 'PartialObjectMetadata', apiVersion: meta }, metadataList(meta)]
    : [{ kind: resource.kind.kind, apiVersion: resource.apiVersion }, listOf(resource)]
  const blueprint = (): string => toBase64(encoder.encode(list) ?? new Uint8Array())
  return {
    event: (type, event) => encoder.encodeEvent(type, shown(event.subject(type).seen(resource.view))),
    initial: (cached) => encoder.encodeEvent('ADDED', shown(cached.seen(resource.view))),
    shown: (type, served) => encoder.encodeEvent(type, shown(served)),
    bookmark: (revision, end) => encoder.encodeEvent('BOOKMARK', {
      ...bookmarkKind, metadata: bookmarkMetadata(revision, end && blueprint()),
    }),
    error: (error) => errorIn({ format: 'protobuf', encoder }, error),
  }
}

/**
 * blueprint: where the bookmark ends the state that a watch begins with, an empty list in the form of the watch. Clients of 1.32 that
 * list by watching (client-go's WatchListClient) put the objects into it; later ones do without.
 */
function bookmarkMetadata(revision: Revision, blueprint: string | false): ObjectMeta {
  const metadata = { resourceVersion: String(revision) }
  if (blueprint === false) return metadata
  const annotations = { 'k8s.io/initial-events-end': 'true', 'kubernetes.io/initial-events-list-blueprint': blueprint }
  return { ...metadata, annotations }
}

function listOf(resource: ServedResource): JsonObject {
  return { ...listTypeOf(resource), metadata: {}, items: [] }
}

function metadataList(meta: string): JsonObject {
  return { kind: 'PartialObjectMetadataList', apiVersion: meta, metadata: {}, items: [] }
}

function jsonBlueprint(list: JsonObject): string {
  return toBase64(utf8(`${jsonText(list)}\n`))
}

type ErrorForm = { readonly format: 'json' | 'yaml' } | Pick<Accepted & { format: 'protobuf' }, 'format' | 'encoder'>

function errorIn(accepted: ErrorForm, error: StatusError): Uint8Array {
  return accepted.format === 'protobuf' ? accepted.encoder.encodeEvent('ERROR', { ...failureBody(error) }) : errorFrame(error)
}

function errorFrame(error: StatusError): Uint8Array {
  return line('ERROR', failureBody(error))
}

function line(type: string, object: object): Uint8Array {
  return utf8(lineText(type, object))
}

function lineText(type: string, object: object): string {
  return `{"type":"${type}","object":${jsonText(object)}}\n`
}
