import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { clientPath, type TestCluster } from './cluster.testing.ts'
import type { Shell } from './transcript.testing.ts'

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } }[]
}

/** A directory and a kubeconfig of a transcript's own, so that several run at the same time; SERVER and CA for those that do without a kubeconfig. */
export function shellFor(cluster: TestCluster, name: string): Shell {
  const directory = join(cluster.dataDirectory, '..', `shell-${name}`)
  const bin = join(directory, 'bin')
  mkdirSync(bin, { recursive: true })
  symlinkSync(clientPath('kubectl-1.32'), join(bin, 'kubectl'))
  symlinkSync(clientPath('kubectl-1.35'), join(bin, 'kubectl-1.35'))
  const kubeconfig = join(directory, 'kubeconfig')
  copyFileSync(cluster.kubeconfig, kubeconfig)
  const config = load(cluster.lotse('kubeconfig').stdout) as Kubeconfig
  const { server, 'certificate-authority-data': certificate } = config.clusters[0]?.cluster ?? assert.fail('the kubeconfig has no cluster')
  const ca = join(directory, 'ca.crt')
  writeFileSync(ca, Buffer.from(certificate, 'base64'))
  return { directory, environment: { ...process.env, PATH: `${bin}:${process.env.PATH ?? ''}`, KUBECONFIG: kubeconfig, HOME: directory, TMPDIR: directory, SERVER: server, CA: ca, LC_ALL: 'C' } }
}
