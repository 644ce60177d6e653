/** The query parameters that the server reads, in the words of the documents. */
export interface QueryParameter {
  readonly type: 'string' | 'boolean' | 'integer'
  readonly text: string
}

export const listParameters: readonly string[] = [
  'allowWatchBookmarks', 'continue', 'fieldSelector', 'labelSelector', 'limit', 'resourceVersion', 'resourceVersionMatch', 'sendInitialEvents',
  'timeoutSeconds', 'watch',
]
export const writeParameters: readonly string[] = ['dryRun', 'fieldManager', 'fieldValidation']
export const patchParameters: readonly string[] = [...writeParameters, 'force']
export const deleteParameters: readonly string[] = ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy']
export const deleteCollectionParameters: readonly string[] = [
  ...listParameters.filter((name) => name !== 'watch' && name !== 'allowWatchBookmarks'), ...deleteParameters,
].sort()

/** What the subresources that talk for themselves are asked with. */
export const connectParameters: Readonly<Record<string, readonly string[]>> = {
  attach: ['container', 'stderr', 'stdin', 'stdout', 'tty'],
  exec: ['command', 'container', 'stderr', 'stdin', 'stdout', 'tty'],
  log: [
    'container', 'follow', 'insecureSkipTLSVerifyBackend', 'limitBytes', 'pretty', 'previous', 'sinceSeconds', 'stream', 'tailLines', 'timestamps',
  ],
  portforward: ['ports'],
  proxy: ['path'],
}

const text = (words: string): QueryParameter => ({ type: 'string', text: words })
const flag = (words: string): QueryParameter => ({ type: 'boolean', text: words })
const count = (words: string): QueryParameter => ({ type: 'integer', text: words })

export const queryParameters: Readonly<Record<string, QueryParameter>> = {
  allowWatchBookmarks: flag('whether a watch also gets BOOKMARK events, which carry nothing but the resource version reached'),
  command: text('the program to run in the container and its arguments, one parameter each; no shell is involved'),
  container: text('name of the container; needed where the pod has several'),
  continue: text('the token that the last part of this list came with, to get the next part'),
  dryRun: text('All: check and answer as usual, but store nothing'),
  fieldManager: text('who makes this change, as managedFields shall record it; needed for apply'),
  fieldSelector: text('only objects whose fields have these values: metadata.name=web,status.phase!=Running'),
  fieldValidation: text(
    'what becomes of fields that are unknown or there twice: Ignore drops them, Warn (the default) says so too, Strict refuses',
  ),
  follow: flag('stay and send new lines as they come'),
  force: flag('whether apply takes fields over that other managers own'),
  gracePeriodSeconds: count('how long the object has to end; 0 removes it at once'),
  insecureSkipTLSVerifyBackend: flag('do not verify the certificate of the node that holds the log'),
  labelSelector: text('only objects with these labels: app=web,tier in (front,back)'),
  limit: count('how many objects at most; the answer then has a continue token for the rest'),
  limitBytes: count('how many bytes of the log at most'),
  orphanDependents: flag('older form of propagationPolicy: true is Orphan, false is Background'),
  path: text('the path to ask the target for'),
  ports: count('the port of the pod to forward to'),
  pretty: text("'true' breaks the answer into indented lines"),
  previous: flag('the log of the container before its last restart'),
  propagationPolicy: text('what becomes of the dependents: Orphan, Background or Foreground'),
  resourceVersion: text('the state that the answer must show, or after which a watch begins'),
  resourceVersionMatch: text('how resourceVersion is meant for a list: Exact or NotOlderThan'),
  sendInitialEvents: flag('a watch begins with an ADDED event for every object that is there, and a bookmark after the last'),
  sinceSeconds: count('only lines that are no older'),
  stderr: flag('send what the process writes as errors'),
  stdin: flag('pass input to the process'),
  stdout: flag('send what the process writes'),
  stream: text('All, Stdout or Stderr'),
  tailLines: count('how many of the last lines'),
  timeoutSeconds: count('how long a list may take or a watch may last'),
  timestamps: flag('begin each line with the time at which it was written'),
  tty: flag('whether the process has a terminal'),
  watch: flag('send changes as they come instead of a list'),
}
