import type { ContainerdPaths } from './containerd-paths.ts'

export interface ContainerdSettings {
  readonly paths: ContainerdPaths
  readonly pauseImage: string
  readonly pluginsDirectory: string
  readonly defaultRuntime: 'runc' | 'crun'
  /** Absolute paths of the runtimes that are there. */
  readonly runtimes: { readonly runc: string | undefined; readonly crun: string | undefined }
  readonly appArmor: boolean
}

/** Snapshotters of file systems that are rarely there, and the exporter of traces: each would log an error at every start. */
const DISABLED_PLUGINS = [
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.tracing.processor.v1.otlp',
]

/** The text of config.toml, version 2, which containerd 1.6, 1.7 and 2 read. */
export function containerdConfig(settings: ContainerdSettings): string {
  const { paths } = settings
  return [
    'version = 2',
    `root = ${quote(paths.rootDirectory)}`,
    `state = ${quote(paths.stateDirectory)}`,
    `disabled_plugins = [${DISABLED_PLUGINS.map(quote).join(', ')}]`,
    'oom_score = -999',
    '',
    '[grpc]',
    `  address = ${quote(paths.socket)}`,
    '',
    '[ttrpc]',
    `  address = ${quote(`${paths.socket}.ttrpc`)}`,
    '',
    '[plugins."io.containerd.internal.v1.opt"]',
    `  path = ${quote(paths.optDirectory)}`,
    '',
    ...criSection(settings),
  ].join('\n')
}

function criSection(settings: ContainerdSettings): string[] {
  const { paths } = settings
  return [
    '[plugins."io.containerd.grpc.v1.cri"]',
    `  sandbox_image = ${quote(settings.pauseImage)}`,
    `  disable_apparmor = ${!settings.appArmor}`,
    // A negative oom_score_adj needs CAP_SYS_RESOURCE, without which runc dies with a message that names no cause.
    '  restrict_oom_score_adj = true',
    '  netns_mounts_under_state_dir = true',
    '  stream_server_address = "127.0.0.1"',
    '  stream_server_port = "0"',
    '  max_container_log_line_size = 16384',
    '  [plugins."io.containerd.grpc.v1.cri".cni]',
    `    bin_dir = ${quote(settings.pluginsDirectory)}`,
    `    conf_dir = ${quote(paths.networkConfigDirectory)}`,
    '    max_conf_num = 1',
    '  [plugins."io.containerd.grpc.v1.cri".registry]',
    `    config_path = ${quote(paths.registriesDirectory)}`,
    '  [plugins."io.containerd.grpc.v1.cri".containerd]',
    '    snapshotter = "overlayfs"',
    `    default_runtime_name = ${quote(settings.defaultRuntime)}`,
    ...runtimeSection('runc', settings.runtimes.runc),
    ...runtimeSection('crun', settings.runtimes.crun),
    '',
  ]
}

function runtimeSection(name: string, binary: string | undefined): string[] {
  if (binary === undefined) return []
  return [
    `    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.${name}]`,
    '      runtime_type = "io.containerd.runc.v2"',
    `      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.${name}.options]`,
    `        BinaryName = ${quote(binary)}`,
    '        SystemdCgroup = false',
  ]
}

export interface RegistryHost {
  /** host or host:port, as in an image's name. */
  readonly host: string
  /** host:port where it really is; by default where its name says. */
  readonly address?: string
  readonly plainHttp: boolean
}

/** The text of certs.d/HOST/hosts.toml. */
export function registryHostConfig(registry: RegistryHost): string {
  const url = `${registry.plainHttp ? 'http' : 'https'}://${registry.address ?? registry.host}`
  return `server = ${quote(url)}\n\n[host.${quote(url)}]\n  capabilities = ["pull", "resolve"]\n`
}

/** A TOML basic string. */
function quote(text: string): string {
  return JSON.stringify(text)
}
