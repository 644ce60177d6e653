/** The enums of the Container Runtime Interface, as numbers. */
export const namespaceMode = { pod: 0, container: 1, node: 2, target: 3 } as const
export const sandboxState = { ready: 0, notReady: 1 } as const
export const containerState = { created: 0, running: 1, exited: 2, unknown: 3 } as const
export const seccompProfile = { runtimeDefault: 0, unconfined: 1, localhost: 2 } as const
export const mountPropagation = { private: 0, 'host-to-container': 1, bidirectional: 2 } as const
export const protocolNumber = { TCP: 0, UDP: 1, SCTP: 2 } as const

/** The labels by which node agents and tools (crictl) find a pod's sandboxes and containers. */
export const criLabel = {
  podUid: 'io.kubernetes.pod.uid',
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  containerName: 'io.kubernetes.container.name',
} as const

/** What the agent must know again after its own restart, kept in the runtime with the container. */
export const criAnnotation = {
  specHash: 'lotse.dev/spec-hash',
  terminationPath: 'io.kubernetes.container.terminationMessagePath',
  terminationHostPath: 'lotse.dev/termination-host-path',
  terminationFromLogs: 'lotse.dev/termination-from-logs',
  logPath: 'lotse.dev/log-path',
} as const
