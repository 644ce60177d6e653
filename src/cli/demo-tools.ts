import type { Client } from '../client/client.ts'
import type { ClusterConfig } from './cluster-config.ts'
import type { Report } from './machine.ts'

export interface DemoImage {
  /** As the manifests name it: demo.lotse.local/guestbook-web:1. */
  readonly reference: string
  /** sha256:... of its manifest. */
  readonly digest: string
  readonly sizeBytes: number
  /** It was built from the same inputs before. */
  readonly reused: boolean
}

/** What the demo needs beside a cluster; programs/ implements it with host/. */
export interface DemoTools {
  /** Directory of examples/guestbook. */
  readonly exampleDirectory: string
  /** Builds the images out of Debian packages, or finds them built. */
  buildImages(config: ClusterConfig, report: Report): Promise<readonly DemoImage[]>
  /** Starts the registry on loopback where it does not run, tells containerd of it, and pushes what it lacks; resolves to its address. */
  serveImages(config: ClusterConfig, images: readonly DemoImage[], report: Report): Promise<string>
  connect(config: ClusterConfig): Promise<{ readonly client: Client; close(): void }>
  /** Sends SIGKILL to the process of a container, as a crash would look. */
  killContainer(config: ClusterConfig, containerId: string): Promise<void>
}
